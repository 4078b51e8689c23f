"""`vrrehab language list|update|sign|voices`: the catalogues of what a participant reads."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from vrrehab.cli import app

language_app = typer.Typer(
    help="The languages of what a participant reads.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(language_app, name="language")

Code = Annotated[str, typer.Argument(metavar="LETTERS", help="Two letters, such as de.")]


@language_app.command("list")
def list_all() -> None:
    """List the languages, how complete each is, and who has read it."""
    import polib

    from vrrehab.language import ENGLISH_CODE, languages, languages_folder, reviewer_of

    print(f"{ENGLISH_CODE}  what the texts are written in")
    for code in languages()[1:]:
        catalogue = polib.pofile(str(languages_folder() / f"{code}.po"))
        entries = [entry for entry in catalogue if not entry.obsolete]
        done = sum(entry.translated() for entry in entries)
        reviewer = reviewer_of(catalogue)
        read = f"signed by {reviewer}" if reviewer else "not reviewed by a clinician yet"
        print(f"{code}  {done} of {len(entries)} texts; {read}")


@language_app.command()
def update(code: Code) -> None:
    """Bring a catalogue up to the texts that there are now, so that somebody can translate what is new."""
    from vrrehab.language import languages_folder
    from vrrehab.texts import update as bring_up

    catalogue = bring_up(_checked(code))
    new = [entry.msgid for entry in catalogue if not entry.obsolete and not entry.msgstr]
    print(f"{languages_folder() / f'{code}.po'}: {len(new)} texts to translate")
    for text in new:
        print(f"  {text}")


@language_app.command()
def sign(
    code: Code,
    by: Annotated[str, typer.Option(metavar="WHO", help="The clinician who has read every text and answers for it.")],
) -> None:
    """Put a clinician's signature under a catalogue as it is now; it holds until a text changes."""
    import polib

    from vrrehab.errors import NotPossible
    from vrrehab.language import REVIEWED_ON, REVIEWED_TEXTS, REVIEWER, fingerprint, languages, languages_folder

    if code not in languages()[1:]:
        raise NotPossible(f"Expected a language with a catalogue ({', '.join(languages()[1:])}), but {code!r} came.")
    if not by.strip():
        raise NotPossible("Expected who signs, but nobody was named; say so with --by.")
    catalogue = polib.pofile(str(languages_folder() / f"{code}.po"), wrapwidth=118)
    if lacking := [entry.msgid for entry in catalogue if not entry.obsolete and not entry.translated()]:
        raise NotPossible(f"Expected every text to be translated before it is signed, but {lacking[0]!r} is not.")
    signature = {REVIEWER: by.strip(), REVIEWED_ON: f"{datetime.now(UTC):%Y-%m-%d}"}
    catalogue.metadata |= signature | {REVIEWED_TEXTS: fingerprint(catalogue)}
    catalogue.save()
    print(f"{code} signed by {by.strip()}")


@language_app.command()
def voices(code: Annotated[str, typer.Argument(metavar="LETTERS", help="Two letters, such as de.")]) -> None:
    """List what may be recorded by a voice, each text with the name that its WAV file has to have.

    A file that is there is played in place of this computer's own speech.
    """
    from vrrehab.language import languages_folder, load_language
    from vrrehab.speech.engine import recording, recording_name
    from vrrehab.texts import texts

    language = load_language(code)
    print(languages_folder() / "voices" / language.code)
    for text in map(language.say, texts()):
        mark = "recorded" if recording(text, language.code) else "        "
        print(f"{recording_name(text)}.wav  {mark}  {text}")


def _checked(code: str) -> str:
    from vrrehab.cli.participant import LANGUAGE
    from vrrehab.language import ENGLISH_CODE

    if not LANGUAGE.fullmatch(code) or code == ENGLISH_CODE:
        raise typer.BadParameter(f"expected two letters other than {ENGLISH_CODE}, such as de, got {code!r}")
    return code
