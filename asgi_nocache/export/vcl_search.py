"""The search for the first entry that matches a request, as VCL: nested branches.

Order is kept: a branch is only put around neighbours that no path can choose between.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from .paths import PLAIN, PathForm, escaped
from .plan import Entry, Plan
from .vcl import DEFAULT, comment, one_of, regex, string, when

#: Neighbours from which on a branch is worth it.
_CROWD = 8
#: Characters from which on a path is never-store. Measured on Varnish 7.1: ``PLAIN``
#: runs into its limit (``pcre2_match_limit``) between 1,000 and 1,500, and that is
#: a 503, not a mismatch.
_LONG = 500
#: Where a segment ends for a server that drops what is behind.
_STEM_END = re.compile("[. ]")


class Search(NamedTuple):
    """How the search is written.

    Attributes:
        plan: What is searched.
        names: What the entries are called; who is not in it is the default.
        path: What holds the path as it was sent, without its query.
        found: Makes the statements that end the search with a name.
    """

    plan: Plan
    names: dict[Entry, str]
    path: str
    found: Callable[[str], str]

    def lines(self) -> Iterator[str]:
        """Yield the statements, the default last."""
        odd = [e for e in self.plan.entries if e.strict]
        yield "# A long path is never-store, too: PCRE gives up on long paths."
        yield f"if ({self.path} ~ {regex(f'^.{{{_LONG}}}')}) {{"
        yield f"  {self.found(DEFAULT)}"
        yield "}"
        yield "# Only a path that has one reading may be more than never-store."
        yield f"if ({self.path} !~ {regex(PLAIN)}) {{"
        if any(entry in self.names for entry in odd):
            yield from _indented(self._entries(odd, 0, ""))
        yield f"  {self.found(DEFAULT)}"
        yield "}"
        yield from self._entries(self.plan.entries, 0, "")
        yield self.found(DEFAULT)

    def _entries(
        self, entries: Sequence[Entry], depth: int, above: str
    ) -> Iterator[str]:
        """Yield the search through *entries*, all of them below the path *above*."""
        for deeper, run in groupby(entries, lambda e: len(e.path.head) > depth):
            neighbours = list(run)
            if deeper and len(neighbours) > _CROWD:
                yield from self._branches(neighbours, depth, above)
            else:
                for entry in neighbours:
                    yield from self._entry(entry)

    def _branches(
        self, entries: Sequence[Entry], depth: int, above: str
    ) -> Iterator[str]:
        """Yield a branch for each segment that *entries* have at *depth*."""
        stems: dict[str, list[Entry]] = {}
        for entry in entries:
            stems.setdefault(_stem(entry.path, depth), []).append(entry)
        for stem, alike in stems.items():
            if len(alike) == 1:
                yield from self._entry(alike[0])
                continue
            folder = f"{above}/{escaped(stem)}"
            yield f"if ({self.path} ~ {regex(f'(?i)^{folder}(?:[/. ]|$)')}) {{"
            exact = all(e.path.head[depth].lower() == stem for e in alike)
            below = folder if exact else f"{folder}[^/]*"
            yield from _indented(self._entries(alike, depth + 1, below))
            yield "}"

    def _entry(self, entry: Entry) -> Iterator[str]:
        said = [f"Rule {entry.number}: {entry.rule}", entry.reason]
        yield from "".join(comment(each) for each in said if each).splitlines()
        parts = [*self._conditions(entry)]
        found = self.found(self.names.get(entry, DEFAULT))
        if not parts:
            yield found
            return
        yield from when(parts, "&&")
        yield f"  {found}"
        yield "}"

    def _conditions(self, entry: Entry) -> Iterator[str]:
        if not entry.path.everything:
            yield f"{self.path} {_path(entry.path)}"
        if entry.methods:
            yield f"req.method ~ {one_of(entry.methods)}"
        if entry.hosts:
            hosts = "|".join(escaped(h).replace(r"\*", ".*") for h in entry.hosts)
            named = rf"(?i)^(?:{hosts})\.?(?::[0-9]*)?$"
            yield f"req.http.Host ~ {regex(named)}"


def _path(form: PathForm) -> str:
    """Return what a path is compared with, operator first."""
    if form.shadowed:
        return f"~ {regex('(?i)' + form.regex)}"
    if form.literal:
        return f"== {string('/' + '/'.join(form.head))}"
    if form.prefix:
        return f"~ {regex(f'^{escaped(form.prefix)}(?:/|$)')}"
    return f"~ {regex(form.regex)}"


def _stem(form: PathForm, depth: int) -> str:
    # ASCII letters only, as the engine's (?i) has it.
    return _STEM_END.split(form.head[depth], maxsplit=1)[0].lower()


def _indented(lines: Iterator[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)
