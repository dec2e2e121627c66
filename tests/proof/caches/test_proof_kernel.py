"""What is asked, and the origin that answers: the table, the policies, the record.

What becomes of it is in ``test_proof_judge``. What real caches do is measured by
``make proof``, not here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from proof_cache import Answer, Send
from proof_cases import CASES, STATUSES, State
from proof_fieldsets import FIELDSETS
from proof_naive import Direct
from proof_origin import Origin
from proof_policies import POLICIES, PRESETS
from proof_record import Exchange, Lines

BY_NAME = {case.name: case for case in CASES}
INM = (("if-none-match", '"v1"'),)


def test_there_are_enough_field_sets() -> None:
    """At least sixty, no two of them alike."""
    sets = [fields for table in FIELDSETS.values() for _, fields in table.values()]

    assert len(sets) == len(set(sets)) >= 60


def test_names_are_unique() -> None:
    """A cell is found by its names, and a name is part of a path."""
    names = [case.name for case in CASES]

    assert len(names) == len(set(names))
    assert all(name == name.lower() and name.isascii() for name in names)
    assert not set("/ .%?#") & set("".join(names))


def test_every_status_is_there() -> None:
    """Those of RFC 9110 section 15.1, bare and with a lifetime; 200 is the table's."""
    heuristic = {200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501}

    assert heuristic - {200} < set(STATUSES)
    for status in STATUSES:
        forms = [case.fields for case in CASES if case.status == status]
        assert forms == [(), (("Cache-Control", "max-age=3600"),)]


def test_every_case_asks_again() -> None:
    """And what is looked at is asked while the origin is well."""
    for case in CASES:
        assert any(ask.state is State.UP for ask in case.asks[1:])


def test_every_policy_is_there() -> None:
    assert [policy.name for policy in POLICIES] == list(PRESETS)
    assert dict(POLICIES[1].sends)["cache-control"].startswith("no-store, ")


def lower(fields: Lines) -> dict[str, str]:
    """Return *fields* with their names as httptools' server sends them."""
    return {name.lower(): value for name, value in fields}


class Asked:
    """Asks an origin directly; returns the answer and what was remembered."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self._client = Direct()
        self._client.start(origin.port, Path())
        self._number = 0

    def __call__(
        self, where: str, fields: Lines = (), method: str = "GET", *, again: bool = True
    ) -> tuple[Answer, tuple[Exchange, ...]]:
        self._number += not again
        path = f"/{where}/{self._number}"
        [answer] = self._client.send([Send(path, method, fields)])
        return answer, self._origin.take(path)

    def close(self) -> None:
        self._client.close()


@pytest.fixture(scope="module", params=["httptools", "h11"])
def ask(request: pytest.FixtureRequest) -> Iterator[Asked]:
    """An origin that is well."""
    with Origin(CASES, request.param) as origin, closing(Asked(origin)) as asked:
        yield asked


def test_the_origin_answers_by_the_table(ask: Asked) -> None:
    """Each answer is a new one, under the policy that the path names."""
    first, seen = ask("bare/max-age-3600", again=False)
    second, _ = ask("bare/max-age-3600")
    covered, _ = ask("no-store/max-age-3600")

    assert first.body == "max-age-3600 number 1 for nobody\n"
    assert second.body == "max-age-3600 number 2 for nobody\n"
    assert lower(first.fields)["cache-control"] == "max-age=3600"
    assert "no-store" in dict(covered.fields)["cache-control"]
    assert [(e.method, e.status, e.body) for e in seen] == [("GET", 200, first.body)]
    assert lower(seen[0].response) == lower(first.fields)  # Date and all


def test_the_origin_remembers_requests_as_they_came(ask: Asked) -> None:
    """With the preconditions that the middleware takes out."""
    bare, bare_seen = ask("bare/etag", INM)
    covered, covered_seen = ask("no-store/etag", INM)

    assert (bare.status, bare_seen[0].status, bare.body) == (304, 304, "")
    assert (covered.status, covered_seen[0].status) == (200, 200)
    assert set(INM) < set(covered_seen[0].request)


def test_a_304_is_no_new_answer(ask: Asked) -> None:
    ask("bare/etag", again=False)
    bodies = [ask("bare/etag", fields)[0].body for fields in (INM, ())]

    assert bodies == ["", "etag number 2 for nobody\n"]


def test_validators_that_change_are_not_confirmed(ask: Asked) -> None:
    ask("bare/etag-changing", again=False)
    answer, _ = ask("bare/etag-changing", INM)

    assert (answer.status, lower(answer.fields)["etag"]) == (200, '"v2"')


def test_the_origin_knows_who_asks(ask: Asked) -> None:
    bearer, _ = ask("bare/bare", (("Authorization", "Bearer A"),))
    cookie, _ = ask("bare/bare", (("Cookie", "id=1; session=B"),))

    assert "for A\n" in str(bearer.body)
    assert "for B\n" in str(cookie.body)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("status", STATUSES)
def test_each_status_is_answered(ask: Asked, status: int, method: str) -> None:
    fields = BY_NAME[f"{status}-bare"].asks[0].fields
    answers = [ask(f"{policy}/{status}-bare", fields, method) for policy in PRESETS]

    assert {answer.status for answer, _ in answers} == {status}
    assert {len(seen) for _, seen in answers} == {1}


def test_the_origin_fails_when_told() -> None:
    """Before the middleware, broken, and gone."""
    with Origin(CASES) as origin, closing(Asked(origin)) as ask:
        origin.state = State.BEFORE
        before, _ = ask("no-store/max-age-3600")
        origin.state = State.BROKEN
        broken, seen = ask("no-store/max-age-3600")
        origin.refuse()
        gone, _ = ask("no-store/max-age-3600")

    assert ("Cache-Control", "max-age=3600") in before.fields
    assert (broken.status, broken.body, seen[0].status) == (503, "outage", 503)
    assert "cache-control" not in {name.lower() for name, _ in broken.fields}
    assert gone.status == 0


def test_the_kill_switch_is_not_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proof of nothing, otherwise."""
    monkeypatch.setenv("ASGI_NOCACHE_MODE", "off")
    with Origin(CASES) as origin, closing(Asked(origin)) as ask:
        answer, _ = ask("no-store/bare")

    assert "no-store" in dict(answer.fields)["cache-control"]
