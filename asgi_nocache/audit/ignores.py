"""Comments that suppress: ``# nocache: ignore[NC201] reason``, at an endpoint.

On one of its decorators' lines, or of its ``def``. Reading source files and applying
what they say; the baseline is another file's.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from .baseline import ABOUT_SUPPRESSIONS, about_suppression
from .checks.table import CHECKS
from .values import Audited, Finding, Place

_COMMENT = re.compile(
    r"#\s*nocache:\s*ignore\b\s*(?:\[(?P<codes>[^\]]*)\])?\s*[:-]?\s*(?P<reason>.*)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignore:
    """One comment that suppresses.

    Attributes:
        place: Where the comment is.
        codes: The codes it names.
        reason: Why; without one it suppresses nothing.
        first: The first line of the endpoint it is at, 0 if it is at none.
        last: The last line before the endpoint's body.
    """

    place: Place
    codes: tuple[str, ...]
    reason: str
    first: int = 0
    last: int = 0

    def is_at(self, place: Place | None) -> bool:
        """Tell whether it is at the endpoint that is written at *place*."""
        if place is None or place.file != self.place.file:
            return False
        return 0 < self.first <= place.line <= self.last

    @property
    def fault(self) -> str:
        """Why it suppresses nothing, ``""`` if it does."""
        if not self.codes:
            return "names no code; write # nocache: ignore[NC201] and why"
        unknown = [code for code in self.codes if code not in CHECKS]
        if unknown:
            return f"names {', '.join(unknown)}, which is no check"
        return "" if self.reason else "gives no reason; write it after the bracket"


def find_ignores(rows: Iterable[Audited]) -> tuple[Ignore, ...]:
    """Return the comments in all files that the endpoints of *rows* are in."""
    places = (row.route.place for row in rows)
    files = dict.fromkeys(place.file for place in places if place is not None)
    return tuple(ignore for file in files for ignore in _in_file(file))


def _in_file(file: str) -> Iterator[Ignore]:
    try:
        text = Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError, ValueError):  # a zip, a notebook, a template
        return
    if not re.search(r"nocache:\s*ignore", text, re.IGNORECASE):
        return
    try:
        heads = _heads(ast.parse(text))
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (SyntaxError, ValueError, tokenize.TokenError):
        return
    for token in tokens:
        said = token.type == tokenize.COMMENT and _COMMENT.match(token.string)
        if said:
            line = token.start[0]
            inside = [head for head in heads if head[0] <= line <= head[1]]
            first, last = max(inside, default=(0, 0))
            yield Ignore(
                place=Place(file, line),
                codes=_codes(said["codes"] or ""),
                reason=said["reason"].strip(),
                first=first,
                last=last,
            )


def _codes(text: str) -> tuple[str, ...]:
    return tuple(code.strip().upper() for code in text.split(",") if code.strip())


def _heads(tree: ast.Module) -> list[tuple[int, int]]:
    """Return the lines of each definition before its body, decorators included."""
    heads = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            first = min(d.lineno for d in (*node.decorator_list, node))
            heads.append((first, max(node.lineno, node.body[0].lineno - 1)))
    return heads


def with_ignores(
    findings: Iterable[Finding],
    ignores: Iterable[Ignore],
    looked_for: Collection[str] = frozenset(CHECKS),
) -> tuple[Finding, ...]:
    """Return *findings* with those suppressed that a comment at the endpoint names.

    And with what is wrong with the comments: one that suppresses nothing (NC006),
    and one without a code or a reason (NC007).

    Args:
        findings: What the checks found.
        ignores: The comments.
        looked_for: The codes that could not have been missed.
    """
    ignores = tuple(ignores)
    used: set[tuple[Ignore, str]] = set()
    out = []
    for finding in findings:
        for ignore in ignores:
            named = finding.code in ignore.codes and ignore.is_at(finding.place)
            if ignore.fault or not named or finding.code in ABOUT_SUPPRESSIONS:
                continue
            used.add((ignore, finding.code))
            finding = replace(finding, suppressed=finding.suppressed or ignore.reason)
        out.append(finding)
    for ignore in ignores:
        where = str(ignore.place)
        if ignore.fault:
            message = f"the comment at {where} {ignore.fault}"
            out.append(about_suppression("NC007", _stable(ignore), message))
            continue
        for code in ignore.codes:
            if (ignore, code) not in used and code in looked_for:
                at = "" if ignore.first else ", which is at no endpoint,"
                message = f"the comment at {where}{at} suppresses no {code}"
                out.append(about_suppression("NC006", _stable(ignore), message))
    return tuple(out)


def _stable(ignore: Ignore) -> str:
    """Return where a comment is, without its line, which moves."""
    return f"{ignore.place.file}: ignore[{', '.join(ignore.codes)}]"
