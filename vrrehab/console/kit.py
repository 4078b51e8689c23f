"""The few parts that every page is made of: the browser's own buttons and fields, each with a name to be read out.

They are plain HTML elements, so that keyboard, touch and screen readers work as in every other page; how they look is
in `static/console.css`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

Handler = Callable[..., Any]


_FIELDS = ("input", "select", "textarea")
#: Whether the page is cut off, as it says itself. What is sent then waits for the connection, and would come as an
#: order of minutes ago, to another question or task: a press is none, and what is set live is null. What was typed is
#: sent.
CUT_OFF = "(window.did_handshake && !window.socket.connected)"
_PRESSED = f"""(e) => {{
    if (e.currentTarget.ariaDisabled === 'true' || {CUT_OFF}) return;
    emit();
}}"""


def _settled(value: str) -> str:
    """Each press of an arrow key is a change; who goes by keyboard is heard once they are where they want to be."""
    return f"""(e) => {{
        const it = e.target;
        const tell = () => emit({value});
        clearTimeout(it.waits);
        if (it.matches(':focus-visible')) it.waits = setTimeout(tell, 500);
        else tell();
    }}"""


SETTLED = _settled("it.value")
#: The same for what is an order to the session.
SET_LIVE = _settled(f"{CUT_OFF} ? null : it.value")


class Tag(TextElement):
    """An HTML element with text. Attributes are given as keywords, `aria_label` for `aria-label`."""

    def __init__(self, tag: str, text: str = "", kind: str = "", **attributes: Any) -> None:
        super().__init__(tag=tag, text=text)
        if not text:
            self._text = None
        if kind:
            self.classes(kind)
        for name, value in attributes.items():
            if value is not None and value is not False:
                self.props[self._named(name.strip("_"))] = value

    def _named(self, name: str) -> str:
        """The attribute as Vue is told of it.

        Vue renders the whole page whenever anything on it changes, and then sets each field's `value` anew, over what
        somebody is typing or dragging. With the dot it is set only when it is another one.
        """
        return ".value" if name == "value" and self.tag in _FIELDS else name.replace("_", "-")

    def pressed(self, do: Handler) -> Tag:
        """What happens when it is pressed, by whatever means, and is not `off`."""
        return self.on("click", do, js_handler=_PRESSED)

    def off(self, whether: bool) -> None:
        """Whether pressing it does nothing for now; unlike `disabled` it keeps the focus of who has just pressed it."""
        self.put("aria_disabled", "true" if whether else None)

    def focus(self) -> None:
        """Take somebody who goes by keyboard there."""
        self.run_method("focus")

    def say(self, text: str) -> None:
        """Another text, sent only if it is one."""
        if (self._text or "") != text:
            self.text = text
            self._text = text

    def put(self, name: str, value: Any) -> None:
        """Another value of an attribute, sent only if it is one; None takes it away."""
        name = self._named(name)
        if self.props.get(name) != value:
            if value is None:
                self.props.pop(name, None)
            else:
                self.props[name] = value
            self.update()

    def look(self, kind: str) -> None:
        """Another set of CSS classes, sent only if it is one."""
        if " ".join(self.classes) != kind:
            self.classes(replace=kind)


def button(text: str, do: Handler | None, kind: str = "", **attributes: Any) -> Tag:
    made = Tag("button", text, f"button {kind}".strip(), type="button", **attributes)
    if do is not None:
        made.pressed(do)
    return made


def link(text: str, to: str, kind: str = "", **attributes: Any) -> Tag:
    return Tag("a", text, kind, href=to, **attributes)


def _labelled(label: str, hint: str) -> Tag:
    field = Tag("label", kind="field")
    with field:
        with Tag("span", label):
            pass
        if hint:
            Tag("span", hint, "hint")
    return field


def field(
    label: str, value: str, do: Handler, *, hint: str = "", kind: str = "text", live: bool = False, **attributes: Any
) -> Tag:
    """A line of text; `do` gets it when it is left, or with each letter where `live`."""
    with _labelled(label, hint):
        made = Tag("input", type=kind, value=value, aria_label=label, **attributes)
    made.on("input" if live else "change", lambda e: do(str(e.args)), js_handler="(e) => emit(e.target.value)")
    return made


def text_area(label: str, do: Handler, *, hint: str = "", **attributes: Any) -> Tag:
    with _labelled(label, hint):
        made = Tag("textarea", aria_label=label, **attributes)
    made.on("change", lambda e: do(str(e.args)), js_handler="(e) => emit(e.target.value)")
    return made


def choice(
    label: str,
    options: Mapping[str, str] | Sequence[str],
    value: str,
    do: Handler,
    *,
    hint: str = "",
    **attributes: Any,
) -> Tag:
    """One of several; `do` gets the key of the one chosen."""
    named = options if isinstance(options, Mapping) else {option: option for option in options}
    with _labelled(label, hint):
        return select(named, value, do, aria_label=label, **attributes)


def select(
    named: Mapping[str, str],
    value: str,
    do: Handler,
    js_handler: str = "(e) => emit(e.target.value)",
    **attributes: Any,
) -> Tag:
    """A bare select; give it a name with `aria_label`. `do` gets None where `js_handler` says null."""
    made = Tag("select", value=value, **attributes)
    with made:
        for key, text in named.items():
            Tag("option", text, value=key, selected=key == value)
    made.on("change", lambda e: do(None if e.args is None else str(e.args)), js_handler=js_handler)
    return made


def one_of(label: str, options: Mapping[str, str], do: Handler, name: str) -> Tag:
    """One of a few answers, all in sight and none chosen at first; `do` gets the one that is."""
    with Tag("fieldset", kind="one-of", data_asked=name) as made:
        Tag("legend", label)
        with Tag("div", kind="segments"):
            for option, text in options.items():
                with Tag("label", kind="button"):
                    radio = Tag("input", type="radio", name=name, value=option)
                    Tag("span", text)
                radio.on("change", lambda e: do(str(e.args)), js_handler="(e) => emit(e.target.value)")
    return made


def tick(label: str, value: bool, do: Handler, **attributes: Any) -> Tag:
    """A box to tick; `do` gets whether it is."""
    with Tag("label", kind="tick"):
        made = Tag("input", type="checkbox", checked=value, **attributes)
        Tag("span", label)
    made.on("change", lambda e: do(bool(e.args)), js_handler="(e) => emit(e.target.checked)")
    return made


def notice(text: str, kind: str = "", role: str = "status") -> Tag:
    return Tag("p", text, f"notice {kind}".strip(), role=role)


def chip(text: str, kind: str = "") -> Tag:
    return Tag("span", text, f"chip {kind}".strip())


def table(name: str, heads: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int] = ()) -> Tag:
    """A table of text; `numbers` are the columns that stand on the right."""
    with (
        Tag("div", kind="scroll", tabindex="0", role="region", aria_label=name) as outer,
        Tag("table", kind="list"),
    ):
        with Tag("thead"), Tag("tr"):
            for i, head in enumerate(heads):
                Tag("th", head, "n" if i in numbers else "", scope="col")
        with Tag("tbody"):
            for row in rows:
                with Tag("tr"):
                    for i, cell in enumerate(row):
                        Tag("td", cell, "n" if i in numbers else "")
    return outer


def facts(pairs: Sequence[tuple[str, str]]) -> None:
    with Tag("div", kind="facts"):
        for value, label in pairs:
            with Tag("div"):
                Tag("b", value)
                Tag("span", label)


def raw(html: str, **attributes: Any) -> ui.html:
    """Our own markup as it is; never with anything in it that somebody wrote."""
    made = ui.html(html, sanitize=False)
    for name, value in attributes.items():
        made.props[name.replace("_", "-")] = value
    return made
