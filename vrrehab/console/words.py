"""The console's words: every sentence that a page shows goes through `Words`, in the reader's language."""

from __future__ import annotations


class Words:
    """Says the console's sentences in one language; what is not translated is said in English."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, text: str, **values: object) -> str:
        """The sentence in this language, with its `{values}` filled in."""
        return text.format(**values) if values else text
