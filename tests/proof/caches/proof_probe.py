"""Asks a started cache everything, in batches, and makes the cells.

All first requests, a pause, all second ones: so a whole column costs one pause. The
origin fails at the very end, since some caches remember that it did.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from proof_cache import Cache, Send
from proof_cases import Ask, Case, State
from proof_origin import Origin
from proof_outcome import body_of_another, outcome, served_a_copy, worst
from proof_policies import POLICIES
from proof_record import Cell, Exchange, Lines, Outcome, Step

#: Seconds between two requests for one URL.
PAUSE = 0.4
#: Seconds after which what was stored for one second is stale, where some caches
#: count whole ones only.
STALE_AFTER = 2.3
#: And so many longer where a cache serves it nevertheless, while it asks for a new
#: one: Varnish's default_grace.
GRACE = {"varnish": 10.0}
#: So many requests at once, so that the progress can be seen to move.
BATCH = 300

WELL = (State.UP, State.BEFORE)

Told = Callable[[str], None]


@dataclass
class Probe:
    """One case under one policy, while it is being asked."""

    policy: str
    case: Case
    path: str
    steps: list[Step] = field(default_factory=list)
    began: float = 0.0

    @property
    def next(self) -> Ask | None:
        """What to ask next."""
        done = len(self.steps)
        return self.case.asks[done] if done < len(self.case.asks) else None

    @property
    def send(self) -> Send:
        """The same, as a cache takes it."""
        ask = self.case.asks[len(self.steps)]
        body = b"x=1" if ask.method == "POST" else b""
        return Send(self.path, ask.method, ask.fields, body)


def probe(
    cache: Cache, origin: Origin, cases: Sequence[Case], told: Told = lambda _: None
) -> list[Cell]:
    """Ask *cache*, which runs in front of *origin*, and return the cells."""
    run = secrets.token_hex(3)
    probes = [
        Probe(policy.name, case, f"/{policy.name}/{case.name}/{run}")
        for policy in POLICIES
        for case in cases
    ]
    stored = [p for p in probes if p.case.asks[0].state is State.BEFORE]
    others = [p for p in probes if p.case.asks[0].state is not State.BEFORE]
    _turn(cache, origin, State.BEFORE, stored, told)
    grace = max((s for n, s in GRACE.items() if cache.name.startswith(n)), default=0.0)
    stale = time.monotonic() + STALE_AFTER + grace
    _rounds(cache, origin, others, told)
    if stored:
        time.sleep(max(0.0, stale - time.monotonic()))
    _rounds(cache, origin, stored, told)
    for state in (State.BROKEN, State.REFUSING):
        _turn(cache, origin, state, probes, told)
    return [_cell(cache.name, p) for p in probes]


def _rounds(cache: Cache, origin: Origin, probes: list[Probe], told: Told) -> None:
    """Ask for all that is asked while the origin is well."""
    while _turn(cache, origin, State.UP, probes, told):
        time.sleep(PAUSE)


def _turn(
    cache: Cache, origin: Origin, state: State, probes: list[Probe], told: Told
) -> bool:
    """Ask the next request of each that wants it in *state*; tell whether any did."""
    due = [p for p in probes if p.next is not None and p.next.state is state]
    if not due:
        return False
    if state is State.REFUSING:
        origin.refuse()
    origin.state = state
    for batch in _alike(due):
        told(state.value or f"request {len(batch[0].steps) + 1}")
        _ask(cache, origin, batch)
    return True


def _alike(probes: Iterable[Probe]) -> Iterable[list[Probe]]:
    """Cut *probes* into batches of one user, step and method each."""

    def kind(p: Probe) -> tuple[int, str, Lines]:
        send = p.send
        return len(p.steps), send.method, send.fields

    # Those who asked first ask first again, so that all wait for the same time.
    for _, group in groupby(sorted(probes, key=kind), kind):
        alike = list(group)
        for start in range(0, len(alike), BATCH):
            yield alike[start : start + BATCH]


def _ask(cache: Cache, origin: Origin, batch: list[Probe]) -> None:
    now = time.monotonic()
    sends = [p.send for p in batch]
    answers = cache.send(sends)
    if len(answers) != len(sends):
        raise RuntimeError(f"{cache.name}: {len(answers)} answers to {len(sends)}")
    for p, send, got in zip(batch, sends, answers, strict=True):
        p.began = p.began or now
        step = Step(
            send.method,
            send.fields,
            got.status,
            got.fields,
            got.body,
            _known(origin.take(p.path)),
            p.case.asks[len(p.steps)].note,
            round(now - p.began, 2),
        )
        p.steps.append(step)


def _known(seen: tuple[Exchange, ...]) -> tuple[Exchange, ...]:
    # More than a few for one request would be a loop; the last are what counts.
    return seen[-3:]


def _cell(cache: str, p: Probe) -> Cell:
    asked = list(zip(p.case.asks, p.steps, strict=True))
    well = [(ask, step) for ask, step in asked if ask.state in WELL]
    steps = [step for _, step in well]
    failing = [step for ask, step in asked if ask.state not in WELL]
    found = worst(outcome(step, steps[0]) for step in steps[1:])
    return Cell(
        cache,
        p.policy,
        p.case.name,
        found,
        on_error=found is not Outcome.REUSED
        and any(served_a_copy(step, steps) for step in failing),
        leaked=any(body_of_another(step, ask.user) for ask, step in well),
        steps=tuple(p.steps),
    )
