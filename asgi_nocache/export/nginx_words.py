"""How nginx writes things down: comments, quotes, maps, header lines.

Words only: nothing here knows a plan.
"""

from __future__ import annotations

import itertools
import re
import textwrap
from collections.abc import Iterable
from typing import NamedTuple

from . import words

#: What follows a backslash that nginx would take away, or read as another character.
_EATEN = re.compile(r"""\\(?=["'\\trn]|$)""")
#: A word that needs no quotes.
_BARE = re.compile(r"[A-Za-z0-9_.$/=-]+")
#: Columns of a comment. Also, nginx refuses a comment of more than 4096 bytes.
_WIDTH = 84
#: What stands for a dollar in a value, where nginx knows no escape.
_DOLLAR = "${nocache_dollar}"
#: Defines it: a ``geo`` takes its values as they are.
DOLLAR = 'geo $nocache_dollar {\n    default "$";\n}\n'


class Line(NamedTuple):
    """A line of a map, with what is said about it."""

    key: str
    value: str
    comment: str = ""


def quoted(text: str) -> str:
    """Return *text* as one word that nginx reads as it is."""
    if _BARE.fullmatch(text):
        return text
    text = _EATEN.sub(r"\\\\", text)
    return '"' + text.replace('"', '\\"') + '"'


def value(text: str) -> str:
    """Return *text* as a value that holds no variables."""
    return quoted(text.replace("$", _DOLLAR))


def commented(text: str, indent: str = "") -> str:
    """Return *text* as a comment that it cannot break out of."""
    return "".join(f"{line}\n" for line in words.commented(text, indent))


def titled(text: str) -> str:
    """Return the heading of a part of a file."""
    return f"\n# {'-' * (_WIDTH - 2)}\n{commented(text)}"


def mapped(
    source: str,
    variable: str,
    default: str,
    lines: Iterable[Line],
    *,
    fresh: bool = False,
    dense: bool = False,
) -> str:
    """Return a map.

    Args:
        source: What is looked up, ready to be quoted.
        variable: What is made, with its dollar.
        default: The value elsewhere, as it is written.
        lines: Keys as they are, values as they are written.
        fresh: Whether it is looked up each time it is asked for, since a subrequest
            shares the variables of its request.
        dense: Whether keys of one value share a line.
    """
    body = "    volatile;\n" if fresh else ""
    body += f"    default {default};\n"
    if dense:
        for _, group in itertools.groupby(lines, lambda line: line.value):
            body += _wrapped(f"{quoted(key)} {said};" for key, said, _ in group)
        lines = ()
    for line in lines:
        body += commented(line.comment, "    ") if line.comment else ""
        body += f"    {quoted(line.key)} {line.value};\n"
    return f"\nmap {quoted(source)} {variable} {{\n{body}}}\n"


def _wrapped(parts: Iterable[str]) -> str:
    joined = "\0".join(part.replace(" ", "\1") for part in parts)
    lines = textwrap.wrap(joined.replace("\0", " "), _WIDTH - 4)
    return "".join(f"    {line}\n" for line in lines).replace("\1", " ")


def header_variable(where: str, name: str) -> str:
    """Return nginx's variable of a field: ``$http_…``, ``$upstream_http_…``."""
    return f"${where}_{name.replace('-', '_')}"
