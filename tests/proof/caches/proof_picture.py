"""Draws a proof in small, as SVG: what each cache did without and with the middleware.

A bar is all cases; its parts are told by their place, their pattern and their numbers,
and by colour last. On a ground of its own, so that it reads on light and on dark pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from proof_record import Proof
from proof_view import BARE, DEFAULT, Tally, View, visible

LEFT, BAR, GAP, HIGH = 200, 320, 24, 20
TOP, BOTTOM = 64, 40
#: A letter's width, on the generous side.
LETTER = 7
WIDTH = LEFT + 2 * BAR + GAP + 16
#: What letters are drawn as, from left to right; what is not here is blank.
FILLS = {
    "LR": ("reused", "#e0a52c"),
    "V": ("revalidated", "url(#v)"),
    "v": ("conditional", "url(#c)"),
    "?": ("failed", "#9a9a9a"),
}

SUBTITLE = "cases in which a stored copy came into play"
STYLE = """
    text { font: 13px -apple-system, "Segoe UI", Helvetica, Arial, sans-serif }
    text { fill: #17211d }
    .i { font-size: 12px }
    .s { fill: #56635c; font-size: 12px }
    .h { font-weight: 600 }
    .b { fill: none; stroke: #d9ddd6 }
    .w { fill: #a8260f; font-weight: 600 }
"""
PATTERNS = (
    '<pattern id="v" width="6" height="6" patternUnits="userSpaceOnUse">'
    '<rect width="6" height="6" fill="#8fbdf0"/>'
    '<path d="M0 6 6 0" stroke="#2f6fb5"/></pattern>'
    '<pattern id="c" width="6" height="6" patternUnits="userSpaceOnUse">'
    '<rect width="6" height="6" fill="#d8e8fb"/>'
    '<path d="M0 0 6 6" stroke="#7fa9d6"/></pattern>'
)


@dataclass(frozen=True)
class Part:
    """A part of a bar: what it is called, how it is drawn, how many cases it is."""

    word: str
    fill: str
    count: int


def picture(proof: Proof) -> str:
    """Return the SVG."""
    view = View(proof)
    high = TOP + HIGH * len(view.columns) + BOTTOM
    title = f"What each cache did without the middleware and with it, {proof.made}"
    body = [*_heads(), *_rows(view), *_legend(high - 14)]
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {high}" '
            f'width="{WIDTH}" height="{high}" role="img" aria-labelledby="t d">',
            f'<title id="t">{_text(title)}</title>',
            f'<desc id="d">{_text(view.claim)}</desc>',
            f"<style>{STYLE}</style><defs>{PATTERNS}</defs>",
            f'<rect width="{WIDTH}" height="{high}" rx="8" fill="#fbfcfa"/>',
            *body,
            "</svg>",
            "",
        )
    )


def _heads() -> Iterable[str]:
    heads = ("without the middleware", "NoCacheMiddleware(app)")
    for x, head in zip(_starts(), heads, strict=True):
        yield f'<text class="h" x="{x}" y="28">{head}</text>'
        yield f'<text class="s" x="{x}" y="46">{SUBTITLE}</text>'


def _rows(view: View) -> Iterable[str]:
    for number, column in enumerate(view.columns):
        y = TOP + HIGH * number
        name = _text(column.name)
        version = _text(column.version[:12])
        yield (
            f'<text x="16" y="{y + 14}">{name} '
            f'<tspan class="s">{version}{"" if column.honours else "¹"}</tspan></text>'
        )
        for x, policy in zip(_starts(), (BARE, DEFAULT), strict=True):
            yield from _bar(view.tallies.get((policy, column.name)), x, y)


def _bar(tally: Tally | None, x: int, y: int) -> Iterable[str]:
    if tally is None:
        yield f'<text class="s" x="{x}" y="{y + 14}">not measured</text>'
        return
    yield f'<rect class="b" x="{x}" y="{y + 3}" width="{BAR}" height="14"/>'
    at = float(x)
    parts = _parts(tally)
    for part in parts:
        width = BAR * part.count / max(1, tally.total)
        yield (
            f'<rect x="{at:.1f}" y="{y + 3}" width="{width:.1f}" height="14" '
            f'fill="{part.fill}"/>'
        )
        at += width
    words = _fitting(parts, x + BAR - at - 12)
    style = "s"
    if parts and not words:
        words, at, style = _fitting(parts[:1], BAR), float(x), "i"
    wrong = f' <tspan class="w">{tally.wrong} wrong</tspan>' if tally.wrong else ""
    text = words or f"none of {tally.total}"
    yield f'<text class="{style}" x="{at + 6:.1f}" y="{y + 14}">{text}{wrong}</text>'


def _fitting(parts: Sequence[Part], room: float) -> str:
    """Return what can be said of *parts* in so many pixels."""
    words = ""
    for part in parts:
        more = f"{words}, {part.count} {part.word}".removeprefix(", ")
        if len(more) * LETTER > room:
            break
        words = more
    return words


def _parts(tally: Tally) -> list[Part]:
    return [
        Part(word, fill, count)
        for letters, (word, fill) in FILLS.items()
        if (count := sum(tally.counts[letter] for letter in letters))
    ]


def _legend(y: int) -> Iterable[str]:
    x = LEFT
    for word, fill in FILLS.values():
        yield f'<rect x="{x}" y="{y - 11}" width="14" height="14" fill="{fill}"/>'
        yield f'<text class="s" x="{x + 20}" y="{y}">{word}</text>'
        x += 36 + 7 * len(word)
    yield f'<text class="s" x="{x}" y="{y}">¹ set up not to heed Cache-Control</text>'


def _starts() -> tuple[int, int]:
    return LEFT, LEFT + BAR + GAP


def _text(text: str) -> str:
    return escape(visible(text))
