"""What passed, as short text: the log of a cell, equal for cells that are alike.

What differs from run to run (dates, ports, ids) becomes a word in ``[ ]``, and what
a cache says every time is told once, as its habits. The full record stays in
``proof.json``; how a log is shown is proof_html.py's.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from email.utils import parsedate_to_datetime

from proof_record import Cell, Exchange, Lines, Proof, Step

#: How a message is carried, by whom and when: it says nothing about caching.
LEFT_OUT = frozenset(
    "date server content-length accept-ranges transfer-encoding connection "
    "keep-alive".split()
)
#: What caches say of themselves; whether the origin was asked is seen at the origin.
THEIR_OWN = frozenset("age via x-cache x-cache-lookup x-cache-status x-varnish".split())
USUAL_TYPE = ("content-type", "text/plain")
#: In so many of its messages a line is a cache's habit.
HABIT = 0.8
#: What the proof's own clients say where there was no answer at all.
NO_ANSWER = 599
HIDDEN = "client may not see what it gets"
#: Of an error page, so many characters say enough.
BODY = 90

_PORT = re.compile(r"(?<=[\w.]):\d{4,5}\b")
_DATE = re.compile(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT")
_PATH = re.compile(r"/[\w-]+/[\w-]+/[0-9a-f]{6}\b")
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: What a body of the origin has in it.
_ORIGINS = re.compile(r" number \d+ for ")
_DAYS = timedelta(days=3)


@dataclass(frozen=True)
class Habits:
    """The lines that a cache adds nearly every time: to a request, to an answer."""

    request: Lines = ()
    answer: Lines = ()


@dataclass(frozen=True)
class Entry:
    """One request of the client, and what came of it, line by line."""

    head: str
    lines: tuple[str, ...]


Log = tuple[Entry, ...]


class Reader:
    """Makes logs of one run's cells; it knows the run's date and all habits."""

    def __init__(self, proof: Proof) -> None:
        made = date.fromisoformat(proof.made)
        self._near = (made - _DAYS, made + _DAYS)
        by_cache: dict[str, list[Cell]] = {c.name: [] for c in proof.columns}
        for cell in proof.cells:
            by_cache.setdefault(cell.cache, []).append(cell)
        self._whole: dict[Lines, Lines] = {}
        self._lines: dict[tuple[str, str], tuple[str, str] | None] = {}
        self.habits = {n: self._habits(cells) for n, cells in by_cache.items()}

    def log(self, cell: Cell) -> Log:
        """Return what passed in *cell*."""
        habits = self.habits[cell.cache]
        out: list[Entry] = []
        said: Lines | None = None
        got: Lines = ()
        for step in cell.steps:
            asked = self.lines(step.request)
            lines: list[str] = []
            for seen in step.origin:
                lines += self._at_origin(seen, step, said, habits, cell)
                said = self.lines(seen.response)
            lines += self._at_client(step, got, habits, cell)
            got = self.lines(step.response)
            note = f", {step.note}" if step.note else ""
            head = "; ".join((f"{step.method}{note}", *_texts(asked)))
            out.append(Entry(head, tuple(lines)))
        return tuple(out)

    def lines(self, lines: Lines) -> Lines:
        """Return *lines* without what differs from run to run; names in lower case."""
        if lines not in self._whole:
            plain = (self._line(line) for line in lines)
            self._whole[lines] = tuple(line for line in plain if line)
        return self._whole[lines]

    def _as_written(self, lines: Lines) -> Lines:
        """Return what an app sent: some cases are about letter case, or Age."""
        return tuple(
            (name, self._plain(value))
            for name, value in lines
            if name.lower() == "age" or self._line((name, value))
        )

    def _at_origin(
        self, seen: Exchange, step: Step, said: Lines | None, habits: Habits, cell: Cell
    ) -> Iterator[str]:
        expected = (*habits.request, *self.lines(step.request))
        more = _differences(self.lines(seen.request), expected)
        other = f" {seen.method}" if seen.method != step.method else ""
        sent = self.lines(seen.response)
        same = ", the same fields" if sent and sent == said else ""
        answer = f"answers {_answer(seen.status, seen.body, cell)}{same}"
        if more:
            yield f"origin asked{other}, with"
            yield from more
            yield f"origin {answer}"
        else:
            yield f"origin asked{other}, {answer}"
        if not same:
            yield from _indented(_texts(self._as_written(seen.response)))

    def _at_client(
        self, step: Step, got: Lines, habits: Habits, cell: Cell
    ) -> Iterator[str]:
        now = self.lines(step.response)
        head = f"client gets {_answer(step.status, step.body, cell)}"
        if not step.origin:
            yield "origin not asked"
            yield from _unasked(step, head, _differences(now, got))
            return
        if step.status == 0:
            yield HIDDEN
            return
        last = step.origin[-1]
        same = step.status == last.status and step.body in (None, "", last.body)
        yield "client gets the same" if same else head
        yield from _differences(now, (*self.lines(last.response), *habits.answer))

    def _line(self, line: tuple[str, str]) -> tuple[str, str] | None:
        if line not in self._lines:
            name = line[0].lower()
            plain = (name, self._plain(line[1]))
            out = name in LEFT_OUT | THEIR_OWN or plain == USUAL_TYPE
            self._lines[line] = None if out else plain
        return self._lines[line]

    def _plain(self, value: str) -> str:
        value = _ID.sub("[id]", value)
        value = _PORT.sub(":[port]", value)
        value = _PATH.sub("/[policy]/[case]/[run]", value)
        return _DATE.sub(self._date, value)

    def _date(self, found: re.Match[str]) -> str:
        try:
            day = parsedate_to_datetime(found[0]).date()
        except ValueError:
            return found[0]
        return "[now]" if self._near[0] <= day <= self._near[1] else found[0]

    def _habits(self, cells: Sequence[Cell]) -> Habits:
        requests: Counter[tuple[str, str]] = Counter()
        answers: Counter[tuple[str, str]] = Counter()
        asked = answered = 0
        for step in (step for cell in cells for step in cell.steps):
            for seen in step.origin:
                asked += 1
                requests.update(set(self.lines(seen.request)))
            if step.origin:
                answered += 1
                sent = set(self.lines(step.origin[-1].response))
                answers.update(set(self.lines(step.response)) - sent)
        return Habits(_frequent(requests, asked), _frequent(answers, answered))


def _unasked(step: Step, head: str, differences: list[str]) -> Iterator[str]:
    if step.status == 0:
        yield HIDDEN
    elif step.status == NO_ANSWER:
        yield "client gets no answer"
    elif step.status >= 500 and not _ORIGINS.search(step.body or ""):
        # Of its own making: its fields and its page are the same each time.
        yield f"client gets {step.status}, an error page of the cache"
    else:
        yield head + ("" if differences else ", the same fields")
        yield from differences


def _frequent(lines: Counter[tuple[str, str]], total: int) -> Lines:
    return tuple(sorted(line for line, n in lines.items() if n >= HABIT * total))


def _answer(status: int, body: str | None, cell: Cell) -> str:
    return " ".join(filter(None, (str(status), _body(body or "", cell.case))))


def _body(body: str, case: str) -> str:
    """Return *body* as a reader needs it; the origin numbers what it answers."""
    text = " ".join(_PATH.sub("[path]", _PORT.sub(":[port]", body)).split())
    text = text.removeprefix(f"{case} ").removesuffix(" for nobody")
    if not text:
        return ""
    return f"“{text[:BODY]}…”" if len(text) > BODY else f"“{text}”"


def _texts(lines: Lines) -> tuple[str, ...]:
    return tuple(f"{name}: {value}" for name, value in lines)


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _differences(got: Lines, expected: Lines) -> list[str]:
    """Return what *got* has more and less, its order and letter case aside."""
    more, less = Counter(got) - Counter(expected), Counter(expected) - Counter(got)
    return [
        *(f"  + {text}" for text in _texts(tuple(more.elements()))),
        *(f"  - {text}" for text in _texts(tuple(less.elements()))),
    ]
