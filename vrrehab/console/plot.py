"""Pain so far, as a small drawing (SVG): scores on the session's time, over the task runs that they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from telemetry.live_messages import Score
from vrrehab.console.words import Words

_WIDTH, _HEIGHT = 620, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 30, 14, 22, 26
_LEAST_S = 120.0


def pain_plot(t: Words, scores: Sequence[Score], now_s: float, site: str = "PLP") -> str:
    """The drawing; a score that is not there leaves a gap, and is never drawn as 0."""
    ours = [score for score in scores if score.site == site and not score.item]
    span = max(now_s, _LEAST_S)

    def x(at_s: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * at_s / span

    def y(value: float) -> float:
        return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - value / 10)

    parts = [
        f'<svg class="plot" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(in_words(t, ours), True)}">'
    ]
    for value in (0, 5, 10):
        parts.append(
            f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}"/>'
        )
        parts.append(f'<text x="{_LEFT - 8}" y="{y(value) + 4:.1f}" text-anchor="end">{value}</text>')
    step = next(step for step in (30, 60, 120, 300, 600, 1200, 3600) if span / step <= 8 or step == 3600)
    parts += (
        f'<text x="{x(second):.1f}" y="{_HEIGHT - 6}" text-anchor="middle">{clock(second)}</text>'
        for second in range(0, int(span) + 1, step)
    )
    line: list[str] = []
    for score in ours:
        if score.status == "given" and score.value is not None:
            line.append(f"{x(score.at_s):.1f},{y(score.value):.1f}")
        elif line:
            parts.append(f'<polyline class="pain" points="{" ".join(line)}"/>')
            line = []
    if line:
        parts.append(f'<polyline class="pain" points="{" ".join(line)}"/>')
    for score in ours:
        if score.status == "given" and score.value is not None:
            at, up = x(score.at_s), y(score.value)
            parts.append(f'<circle class="dot" cx="{at:.1f}" cy="{up:.1f}" r="5"/>')
            parts.append(
                f'<text class="value" x="{at:.1f}" y="{up - 9:.1f}" text-anchor="middle">{score.value:g}</text>'
            )
        else:
            mark = "?" if score.status == "awaiting" else "×"
            parts.append(f'<text x="{x(score.at_s):.1f}" y="{y(0) - 5:.1f}" text-anchor="middle">{mark}</text>')
    return "".join((*parts, "</svg>"))


def in_words(t: Words, scores: Sequence[Score]) -> str:
    """What the drawing shows, for who cannot see it."""
    said = [f"{score.value:g}" if score.value is not None else t(score.status) for score in scores]
    return t("Pain scores so far: {scores}", scores=", ".join(said) or t("none yet"))


def clock(seconds: float) -> str:
    """Minutes and seconds, as on a clock."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
