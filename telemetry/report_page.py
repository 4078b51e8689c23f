"""What all reports share: the page's form, the look of a plot, and the words that stand wherever a score does."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable
from html import escape
from importlib import resources
from string import Template

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK, SOFT, LINE, ACCENT, MORE = "#1f2933", "#66727f", "#d9dee4", "#1d6f83", "#a8402d"

LIMITS = (
    "Scores given after tasks are associated with them; nothing here shows that a task caused a change.",
    "The largest trials found mirror therapy and phantom exercise no better than their controls (Rothgangel et al. "
    "2018, 75 people; Lendaro et al. 2025, 81 people). Attention, time and expectation change scores as well.",
    "A change of 2 points or 30 % counts for a course, never for a single task.",
    "A question that was declined or missed is not a score of zero: such task runs are counted, and left out of means.",
)


def banner(origin: str) -> str:
    """What has to be said first where no person moved; empty for a person."""
    if origin == "scripted":
        return '<p class="banner">The movement was scripted: no person, and no pain, is behind these numbers.</p>'
    if origin == "recording":
        return '<p class="banner">The movement came from a recording, not from a person wearing the headset.</p>'
    return ""


def filled(template: str, **parts: str) -> str:
    """The template of this package with its parts; the style is in the page, so that it needs nothing but itself."""
    files = resources.files(__package__)
    style = files.joinpath("report.css").read_text("utf-8")
    return Template(files.joinpath(template).read_text("utf-8")).substitute(parts, style=style)


def facts_row(facts: Iterable[tuple[str, str]]) -> str:
    return "".join(f"<div><b>{value}</b><span>{label}</span></div>" for value, label in facts)


def table(heads: Iterable[tuple[str, bool]], rows: Iterable[Iterable[str]], kind: str = "tasks") -> str:
    """A table of text; heads are (text, whether the column is of numbers)."""
    heads = list(heads)
    head = "".join(f"<th{' class=n' if number else ''}>{escape(text)}</th>" for text, number in heads)
    body = "".join(
        "<tr>" + "".join(f"<td{' class=n' if number else ''}>{escape(cell)}</td>"
                         for cell, (_, number) in zip(row, heads, strict=True)) + "</tr>"
        for row in rows
    )  # fmt: skip
    return f'<table class="{kind}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def limits() -> str:
    items = "".join(f"<li>{escape(text)}</li>" for text in LIMITS)
    return f'<section class="limits"><h2>What this can and cannot show</h2><ul>{items}</ul></section>'


def signed(value: float, digits: int = 1) -> str:
    """A change with its sign, and a dash where there is none."""
    if math.isnan(value):
        return "–"
    text = f"{value:+.{digits}f}".replace("-", "−")
    return text[1:] if float(f"{value:.{digits}f}") == 0 else text


def calm(axes: Axes) -> None:
    """The look of every plot: light lines, soft words."""
    axes.grid(axis="y", color=LINE, lw=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=SOFT, length=0)
    axes.xaxis.label.set_color(SOFT)
    axes.yaxis.label.set_color(SOFT)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(LINE)


def svg(figure: Figure) -> str:
    """The figure as an inline SVG, the same text for the same figure."""
    text = io.StringIO()
    # Text stays text, and ids do not change from run to run.
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "report", "font.family": "sans-serif"}):
        figure.savefig(text, format="svg", transparent=True, metadata={"Date": None})
    drawn = text.getvalue()
    return drawn[drawn.index("<svg") :]
