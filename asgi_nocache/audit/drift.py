"""Drift: what an edge sends against what the policy says, route by route.

Needs httpx. What is asked and how an answer is judged belongs here; printing is the
command's. Only GET is sent, and only to routes whose path is known.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import httpx

from .._core.decision import Decision
from .._core.errors import ConfigurationError
from .drive import may_ask
from .live import NOWHERE, Asked, ask, evidence_in
from .survey import decide_for, fields_out, left_too_loose
from .values import Audited, Kind, Route

#: What a path may hold without being encoded.
_PATH = "/:@!$&'()*+,;=~"


@dataclass(frozen=True, slots=True)
class Compared:
    """One route as the edge answers it.

    Attributes:
        key: ``GET /items/{id}``.
        status: What the edge answered; 0 if it did not.
        wanted: The ``Cache-Control`` of the policy, ``""`` for none.
        seen: That of the edge, ``""`` for none.
        problem: What is wrong, ``""`` if nothing is.
        stricter: Whether the edge permits less than the policy, which is safe.
    """

    key: str
    status: int
    wanted: str
    seen: str
    problem: str = ""
    stricter: bool = False


def compare(
    rows: Sequence[Audited],
    url: str,
    *,
    fields: tuple[tuple[str, str], ...] = (),
    timeout: float = 10.0,
    transport: httpx.BaseTransport | None = None,
) -> tuple[Compared, ...]:
    """Ask the edge at *url* for each route, and compare.

    Args:
        rows: From the survey.
        url: Where the edge answers: ``https://shop.example``.
        fields: Sent with each request.
        timeout: Seconds for each step of a request.
        transport: In place of the network, for tests.

    Raises:
        ConfigurationError: *url* has no scheme or no host, or more than these.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigurationError(
            "--edge", [f"{url!r} is no address of an edge; write https://shop.example"]
        )
    base = f"{parts.scheme}://{parts.netloc}"
    with httpx.Client(timeout=timeout, transport=transport) as client:
        return tuple(_compared(client, base, row, fields) for row in _asked_for(rows))


def _asked_for(rows: Iterable[Audited]) -> Iterator[Audited]:
    rows = tuple(rows)
    yield from (row for row in rows if row.method == "GET" and may_ask(row))
    layers = next((row.route.layers for row in rows if row.route.layers), ())
    nowhere = Route(path=NOWHERE, sample=NOWHERE, layers=layers[:1], kind=Kind.ENDPOINT)
    yield Audited(
        route=nowhere, method="GET", decision=None, decided_by="", declared=False
    )


def _compared(
    client: httpx.Client, base: str, row: Audited, fields: tuple[tuple[str, str], ...]
) -> Compared:
    url = base + quote(row.route.sample, safe=_PATH)
    first = ask(client, url, "anyone", fields)
    if first.problem:
        return Compared(row.key, 0, "", "", first.problem)
    now = time.time()
    decision = decide_for(
        row.route, "GET", first.status,
        request_fields=fields, sent=first.fields, now=now,
    )  # fmt: skip
    seen = _cache_control(first.fields)
    if decision is None:
        return Compared(row.key, first.status, "", seen)
    wanted = _cache_control(fields_out(decision, first.fields))
    problems = [*_field_problems(first, decision, now)]
    if decision.never_store:
        problems += _copy_problems(client, url, first, fields)
    allowed = decide_for(row.route, "GET", first.status, request_fields=fields)
    may_store = allowed is not None and not allowed.never_store
    return Compared(
        row.key,
        first.status,
        wanted,
        seen,
        "; ".join(problems),
        stricter=may_store and decision.never_store and not problems,
    )


def _field_problems(asked: Asked, decision: Decision, now: float) -> Iterator[str]:
    lines = [v for n, v in asked.fields if n == "cache-control"]
    if len(lines) > 1:
        yield f"{len(lines)} Cache-Control lines leave"
    if left_too_loose(decision, asked.fields, now):
        yield "permits more than the policy"


def _copy_problems(
    client: httpx.Client, url: str, first: Asked, fields: tuple[tuple[str, str], ...]
) -> Iterator[str]:
    """Yield what shows that a copy is kept, here or at the client."""
    second = ask(client, url, "anyone", fields)
    for sign in evidence_in([first, second]):
        yield f"a cache answered ({sign})"
    tag = next((v for n, v in first.fields if n == "etag"), "")
    if tag:
        held = (*fields, ("if-none-match", tag))
        if ask(client, url, "anyone", held).status == 304:
            yield "a copy that a client holds is confirmed (304)"


def _cache_control(fields: Iterable[tuple[str, str]]) -> str:
    return ", ".join(v for n, v in fields if n == "cache-control")
