"""The plan: one policy in the form that every exporter reads.

Values only. How rules become a plan is compile.py's, what a target cannot say is
fit.py's, and how it is written down is the target's own module's.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from .paths import PathForm


class Say(Enum):
    """What an edge says about a response."""

    NEVER = "never-store"
    OWN = "the policy's own text"
    KEEP = "what the app sent"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is done to one response.

    Attributes:
        say: Whose words leave.
        set: Field lines to set in place of all of the same name; lower-case names.
        remove: Fields to take away, lower case.
    """

    say: Say
    set: tuple[tuple[str, str], ...] = ()
    remove: tuple[str, ...] = ()

    @property
    def stores(self) -> bool:
        """Whether this edge may keep the response itself, as its fields say."""
        return self.say is not Say.NEVER

    @property
    def cache_control(self) -> str:
        """What is set as ``Cache-Control``; ``""`` where the app's own stays."""
        return dict(self.set).get("cache-control", "")


class Fact(Enum):
    """What a condition asks of one exchange."""

    METHOD = "the method is one of"
    REQUEST_FIELD = "the request carries"
    STATUS = "the status lies in"
    RESPONSE_FIELD = "the app's response carries"
    MEDIA_TYPE = "the media type is"
    MISMATCH = "a static-looking path answers with dynamic content"
    WORD = "the app's Cache-Control, empty where there is none, is"


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that is asked.

    Attributes:
        fact: Of what.
        values: ``METHOD``: names. ``REQUEST_FIELD``, ``RESPONSE_FIELD``: lower-case
            field names, any of which is there. ``STATUS``: ranges such as
            ``"400-599"``, both ends included. ``MEDIA_TYPE``: regular expressions,
            one of which is the whole media type, in any letter case and without its
            parameters. ``MISMATCH``: none; ``cases.MISMATCHES`` has what it means.
            ``WORD``: one regular expression for the whole value; an empty text
            stands for no line at all.
        negated: Whether it must not be so.
    """

    fact: Fact
    values: tuple[str, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """An answer, and what must all hold for it."""

    answer: Answer
    when: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """What is done at some paths. The first case that holds applies.

    Attributes:
        number: The rule's, from 1; 0 is the default.
        rule: The rule as it is written, for comments and errors.
        reason: Why the rule is there; ``""``.
        path: Which paths.
        methods: Sorted names; ``()``: all.
        hosts: Sorted names, ``*.example.com`` included; ``()``: all.
        cases: In order; the last one holds always.
    """

    number: int
    rule: str
    path: PathForm
    cases: tuple[Case, ...]
    methods: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    reason: str = ""

    @property
    def strict(self) -> bool:
        """Whether all that it says is never-store."""
        return all(case.answer.say is Say.NEVER for case in self.cases)

    @property
    def never(self) -> Answer:
        """Its never-store answer: what a target says where it cannot say more."""
        return next(c.answer for c in self.cases if c.answer.say is Say.NEVER)


class Gap(NamedTuple):
    """A rule that is left out knowingly; its paths are never-store.

    Attributes:
        rule: Its number, and as it is written.
        reason: Why the edge cannot follow it.
    """

    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole policy for an edge.

    The first entry that matches applies. An entry that is not strict applies only
    where the path, as sent, is plain (``paths.PLAIN``); everything else gets the
    default, which is never-store.

    Attributes:
        entries: In order.
        default: What is said everywhere else.
        fingerprint: Of the policy, the same on every machine.
        notes: What is stricter here than in the app, or stays the app's; sentences.
        gaps: What was left out, since that was allowed by name.
    """

    entries: tuple[Entry, ...]
    default: Answer
    fingerprint: str
    notes: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()
