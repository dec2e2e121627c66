"""Each token alone: taken out of its set, a real cache or scanner fails; with it, not.

The table is in ``proof_tokens``. A cache is started once per row, and asked for the
whole set and for the set less one, side by side.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bridge.bridge_servers import served
from proof_cache import Answer, Cache, Send
from proof_policies import wrapped
from proof_record import Lines
from proof_tokens import (
    HERE,
    NOT_MEASURED,
    SCANNED,
    TAGGED,
    WITNESSES,
    Failure,
    Witness,
    less,
    tokens,
)
from test_proof_drivers import need
from test_scanners import Seen, zap_10015

from asgi_nocache import NO_STORE, NO_STORE_EDGE

WHOLE, LESS = "/whole", "/less"

Raw = list[tuple[bytes, bytes]]


class Origin:
    """The app, once under the whole policy and once under the other; counts.

    Attributes:
        asked: By path, for each request whether it had a precondition.
        failing: Whether it answers 503, and nothing else.
    """

    def __init__(self, row: Witness) -> None:
        self._fields = row.app
        self._apps = {
            WHOLE: wrapped(self._app, row.policy),
            LESS: wrapped(self._app, less(row.policy, row.token)),
        }
        self.asked: dict[str, list[bool]] = defaultdict(list)
        self.failing = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path = scope["path"]
        names = {name for name, _ in scope["headers"]}
        self.asked[path].append(bool(names & {b"if-none-match", b"if-modified-since"}))
        if self.failing:
            await _answer(send, 503, ())
        else:
            await self._apps[path](scope, receive, send)

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        body = f"number {len(self.asked[scope['path']])}"
        await _answer(send, 200, self._fields, body)


async def _answer(send: Any, status: int, fields: Lines, body: str = "") -> None:
    lines = (("content-length", str(len(body))), ("content-type", "text/html"), *fields)
    headers: Raw = [(n.encode(), v.encode()) for n, v in lines]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body.encode()})


@contextlib.contextmanager
def in_front_of(origin: Origin, cache: Cache) -> Iterator[None]:
    # Not pytest's folder, where the servers' user may not look.
    folder = Path(tempfile.mkdtemp(prefix="proof-"))
    folder.chmod(0o777)
    try:
        with (
            served(origin, "httptools", "off") as port,
            contextlib.closing(cache),
        ):
            cache.start(port, folder)
            yield
    finally:
        shutil.rmtree(folder)


def ask(cache: Cache, path: str, *fields: tuple[str, str]) -> Answer:
    return cache.send([Send(path, fields=fields)])[0]


def failures(cache: Cache, origin: Origin) -> dict[str, set[Failure]]:
    """Ask for both, and say what went wrong with each."""
    found: dict[str, set[Failure]] = {WHOLE: set(), LESS: set()}
    for path, seen in found.items():
        first = ask(cache, path)
        assert (first.status, first.body) == (200, "number 1")
        ask(cache, path)
        seen |= _second(origin.asked[path][1:])
        held = (("If-None-Match", TAGGED[0][1]), ("If-Modified-Since", TAGGED[1][1]))
        if ask(cache, path, *held).status == 304:
            seen.add(Failure.CONFIRMED)
    origin.failing = True
    for path, seen in found.items():
        if ask(cache, path).status == 200:
            seen.add(Failure.ON_ERROR)
    return found


def _second(asked: list[bool]) -> set[Failure]:
    if not asked:
        return {Failure.REUSED}
    return {Failure.STORED} if any(asked) else set()


def named(row: Witness) -> str:
    return f"{row.token}-{row.cache}"


def rows(test: str) -> list[Witness]:
    return [row for row in WITNESSES if row.test == test]


@pytest.mark.parametrize("row", rows(HERE), ids=named)
def test_a_cache_fails_without_it(row: Witness) -> None:
    """In the very setup in which the whole set leaves no copy and no doubt."""
    cache, origin = row.make(), Origin(row)
    need(cache)
    with in_front_of(origin, cache):
        found = failures(cache, origin)

    assert found[WHOLE] == set()
    assert row.fails in found[LESS]


@pytest.mark.parametrize("row", rows(SCANNED), ids=named)
def test_a_scanner_alerts_without_it(row: Witness) -> None:
    """By the scanner's own rule, told once more in test_scanners."""
    assert row.cache == "ZAP 10015"
    assert not zap_10015(Seen(list(row.policy.fields)))
    assert zap_10015(Seen(list(less(row.policy, row.token).fields)))


def test_every_token_has_a_witness() -> None:
    """And in the default set, one that was measured."""
    measured = {row.token for row in WITNESSES if row.test != NOT_MEASURED}

    assert {row.token for row in WITNESSES} == set(tokens(NO_STORE_EDGE))
    assert set(tokens(NO_STORE)) <= measured


def test_a_witness_has_a_reference() -> None:
    """Where only that tells, above all."""
    assert all(row.reference.startswith(("https://", "http://")) for row in WITNESSES)
    assert all(row.why for row in WITNESSES)


@pytest.mark.parametrize("row", WITNESSES, ids=named)
def test_the_test_that_is_named_is_there(row: Witness) -> None:
    """A table that points nowhere would prove nothing."""
    if row.test == NOT_MEASURED:
        return
    file, name = row.test.split("::")
    assert f"def {name}(" in (Path(__file__).parent / file).read_text()


@pytest.mark.parametrize("policy", [NO_STORE, NO_STORE_EDGE], ids=repr)
def test_one_token_less_is_one_token_less(policy: Any) -> None:
    """Or a row would be about something else."""
    for token in tokens(policy):
        assert set(tokens(policy)) - set(tokens(less(policy, token))) == {token}
