"""Spellings of a path, generated: each step comes with the mapping that undoes it.

So an app with those mappings, last step first, is brought back to where the path
began; and with others between, to wherever it gets.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from hypothesis import strategies as st
from sloppy import MAPPINGS


class Spelled(NamedTuple):
    """A path, and the mappings of an app that is to read it."""

    path: str
    mapping: tuple[str, ...]


#: What a step does to a path, at one place of it.
Step = Callable[[str, int], str]


def _replaced(path: str, old: str, new: str, place: int) -> str:
    """Replace one *old* of *path*, which one *place* says."""
    starts = [n for n in range(len(path)) if path.startswith(old, n)]
    if not starts:
        return path
    n = starts[place % len(starts)]
    return path[:n] + new + path[n + len(old) :]


def _at_a_slash(new: str) -> Step:
    return lambda path, place: _replaced(path, "/", new, place)


def _at_the_end(new: str) -> Step:
    return lambda path, place: path + new


def _changed(change: Callable[[str], str]) -> Step:
    """Change one character."""

    def step(path: str, place: int) -> str:
        n = place % len(path)
        return path[:n] + change(path[n]) + path[n + 1 :]

    return step


def _encoded(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode())


def _wide(character: str) -> str:
    """Return the fullwidth form of what is ASCII."""
    return chr(ord(character) + 0xFEE0) if "!" <= character <= "~" else character


def _parameter(path: str, place: int) -> str:
    """Add a parameter to one segment."""
    return _replaced(path + "/", "/", ";p=1/", place)[:-1]


STEPS: tuple[tuple[Step, str], ...] = (
    (_changed(_encoded), "decode"),
    (lambda path, _: path.replace("%", "%25"), "decode"),
    (_at_a_slash("//"), "slashes"),
    (_at_a_slash("/./"), "dots"),
    (_at_a_slash("/x/../"), "dots"),
    (_at_a_slash("/static/../"), "normpath"),
    (lambda path, _: "/static/.." + path, "dots"),
    (_at_the_end("/x/.."), "dots"),
    (_parameter, "params"),
    (_at_a_slash("\\"), "backslash"),
    (_changed(str.swapcase), "casefold"),
    (_at_the_end(".css"), "extension"),
    (_at_the_end("/"), "tail"),
    (_at_the_end(". "), "tail"),
    (_at_the_end("\0/../../static/x.css"), "cut-nul"),
    (_at_the_end("\n.css"), "cut-lf"),
    (_at_the_end("\r"), "cut-cr"),
    (_at_the_end("\tx"), "cut-tab"),
    (_at_the_end("?/../x.css"), "cut-query"),
    (_at_the_end("#/../../x"), "cut-fragment"),
    (_changed(_wide), "nfkc"),
    (lambda path, place: _replaced(path, "..", "\u2025", place), "nfkc"),
    (_at_a_slash("\ufffd\ufffd"), "unreadable"),
    (lambda path, _: "http://evil" + path, "absolute"),
)


@st.composite
def spelled(draw: st.DrawFn, most: int = 6) -> Spelled:
    """Spell a protected path in up to *most* steps."""
    path = draw(st.sampled_from(["/account", "/account/", "/account/x"]))
    undone: list[str] = []
    for _ in range(draw(st.integers(1, most))):
        step, mapping = draw(st.sampled_from(STEPS))
        if mapping == "extension" and mapping in undone:
            continue  # only the final one is a reading
        path = step(path, draw(st.integers(0, 40)))
        undone.insert(0, mapping)
    for _ in range(draw(st.integers(0, 2))):
        extra = draw(st.sampled_from(sorted(MAPPINGS.keys() - {"extension"})))
        undone.insert(draw(st.integers(0, len(undone))), extra)
    return Spelled(path, tuple(undone))
