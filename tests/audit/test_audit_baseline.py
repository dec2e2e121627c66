"""The baseline: read with clear errors, applied by date, renewed without losses."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from check_builders import look, only, route

from asgi_nocache import ConfigurationError
from asgi_nocache.audit.baseline import (
    Baseline,
    Entry,
    applied,
    dump,
    load,
    parse,
    save,
    updated,
)
from asgi_nocache.audit.values import Confidence, Finding, Severity

TODAY = date(2027, 1, 15)
FOUND = only(look(route("/items")), "NC301")
OTHER = replace(FOUND, where="elsewhere")
ENTRY = Entry(
    code="NC301",
    where=FOUND.where,
    fingerprint=FOUND.fingerprint,
    reason="moves in March",
)


def text(*entries: Any, version: Any = 1) -> str:
    return json.dumps({"version": version, "entries": list(entries)})


def item(**given: Any) -> dict[str, Any]:
    return {
        "code": "NC301",
        "where": "shop",
        "fingerprint": "0" * 16,
        "reason": "later",
        **given,
    }


def codes_of(findings: tuple[Finding, ...]) -> list[str]:
    return [f.code for f in findings if not f.suppressed]


# reading


def test_reads(tmp_path: Path) -> None:
    file = tmp_path / "b.json"
    file.write_text(text(item(owner="me", expires="2027-02-01")), encoding="utf-8")
    baseline = load(file)

    assert baseline.source == str(file)
    assert baseline.entries[0].expires == "2027-02-01"
    assert parse(text()) == Baseline()


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("{", "is no JSON: "),
        ("[]", "has no list of entries"),
        ('{"version": 1, "entries": {}}', "has no list of entries"),
        (text(version=2), "version=2 is unknown; this reads 1"),
        (text("x"), "entry 1: 'x' is no object"),
        (text(item(line=7)), "entry 1: 'line' is unknown; drop it"),
        (text({"code": "NC301"}), "entry 1: 'fingerprint' is missing"),
        (text({}), "entry 1: 'code' is missing"),
        (text(item(reason=None)), "entry 1: reason=None is not a text"),
        (text(item(code=3)), "entry 1: code=3 is not a text"),
        (text(item(code="NC999")), "entry 1: there is no check 'NC999'"),
        (text(item(expires="soon")), "expires='soon' is no day; write YYYY-MM-DD"),
        (text(item(expires="20270101")), "expires='20270101' is no day"),
        (text(item(expires=3)), "entry 1: expires=3 is not a text"),
        (text(item(), item()), "entry 2: repeats NC301 0000000000000000; drop one"),
    ],
)
def test_what_is_wrong(given: str, problem: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse(given, "b.json")

    assert problem in str(caught.value)
    assert caught.value.place == "b.json"


def test_all_problems_at_once() -> None:
    with pytest.raises(ConfigurationError, match="2 problems"):
        parse(text(item(code="NC999"), item(expires="x")))


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load(tmp_path / "no.json")
    (tmp_path / "bytes").write_bytes(b"\xff")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load(tmp_path / "bytes")


# applying


def test_suppresses() -> None:
    found = applied([FOUND, OTHER], Baseline((ENTRY,)), TODAY)

    assert [f.suppressed for f in found] == ["moves in March", ""]
    assert found[1:] == (OTHER,)


def test_another_check_at_the_same_place_counts() -> None:
    entry = replace(ENTRY, code="NC305")

    assert codes_of(applied([FOUND], Baseline((entry,)), TODAY)) == ["NC301", "NC006"]


def test_what_a_comment_suppressed_keeps_its_reason() -> None:
    found = applied([replace(FOUND, suppressed="said")], Baseline((ENTRY,)), TODAY)

    assert [f.suppressed for f in found] == ["said"]


@pytest.mark.parametrize(
    ("expires", "counts"),
    [
        ("2027-01-15", []),
        ("2027-01-16", []),
        ("2027-01-14", ["NC301", "NC007"]),
    ],
)
def test_the_last_day(expires: str, counts: list[str]) -> None:
    entry = replace(ENTRY, expires=expires)

    assert codes_of(applied([FOUND], Baseline((entry,)), TODAY)) == counts


def test_without_reason() -> None:
    found = applied([FOUND], Baseline((replace(ENTRY, reason=" "),)), TODAY)

    assert codes_of(found) == ["NC301", "NC007"]
    assert found[-1].message == "the entry NC301 for shop.main:app gives no reason"


def test_unused() -> None:
    """Expired or not: it goes."""
    entry = replace(ENTRY, expires="2026-01-01")
    found = applied([], Baseline((entry,), "b.json"), TODAY)

    assert codes_of(found) == ["NC006"]
    assert found[0].where == "b.json: NC301 shop.main:app"
    assert found[0].severity is Severity.ERROR


def test_nobody_looked_for_it() -> None:
    assert applied([], Baseline((ENTRY,)), TODAY, looked_for={"NC101"}) == ()


def test_suppressions_cannot_be_suppressed() -> None:
    unused = applied([], Baseline((ENTRY,)), TODAY)[0]
    entry = replace(ENTRY, code="NC006", fingerprint=unused.fingerprint)

    assert codes_of(applied([unused], Baseline((entry,)), TODAY)) == ["NC006"]


# renewing


def test_the_first_baseline() -> None:
    day = date(2027, 6, 30)
    baseline = updated(
        Baseline(), [FOUND, FOUND, OTHER], "adopted", owner="web", expires=day
    )

    assert [e.where for e in baseline.entries] == ["shop.main:app", "elsewhere"]
    assert {(e.reason, e.owner, e.expires) for e in baseline.entries} == {
        ("adopted", "web", "2027-06-30")
    }
    assert codes_of(applied([FOUND, OTHER], baseline, TODAY)) == []


def test_reasons_stay() -> None:
    suppressed = applied([FOUND, OTHER], Baseline((ENTRY,)), TODAY)
    baseline = updated(Baseline((ENTRY,)), suppressed, "new")

    assert [e.reason for e in baseline.entries] == ["moves in March", "new"]


def test_an_expired_entry_stays_expired() -> None:
    """Whoever renews it should look first."""
    entry = replace(ENTRY, expires="2026-01-01")

    assert updated(Baseline((entry,)), [FOUND], "new").entries == (entry,)


def test_unused_ones_go() -> None:
    assert updated(Baseline((ENTRY,)), [], "new").entries == ()
    kept = updated(Baseline((ENTRY,)), [], "new", looked_for={"NC101"})
    assert kept.entries == (ENTRY,)


@pytest.mark.parametrize(
    "given",
    [
        {"severity": Severity.INFO},
        {"confidence": Confidence.GUESS},
        {"suppressed": "by a comment"},
        {"code": "NC006"},
        {"code": "NC007"},
    ],
)
def test_what_gets_no_entry(given: Any) -> None:
    assert updated(Baseline(), [replace(FOUND, **given)], "x").entries == ()


def test_how_bad_it_must_be() -> None:
    mild = replace(FOUND, severity=Severity.INFO)
    baseline = updated(Baseline(), [mild], "x", at_least=Severity.INFO)

    assert len(baseline.entries) == 1


# writing


def test_stable_text() -> None:
    second = replace(ENTRY, code="NC101", owner="me")
    one_way = dump(Baseline((ENTRY, second)))

    assert one_way == dump(Baseline((second, ENTRY)))
    assert one_way.endswith("}\n")
    assert parse(one_way).entries == (second, ENTRY)
    assert '"owner": ""' not in one_way
    assert '"reason": ""' in dump(Baseline((replace(ENTRY, reason=""),)))


def test_writes(tmp_path: Path) -> None:
    baseline = Baseline((ENTRY,), str(tmp_path / "b.json"))
    save(baseline)

    assert load(tmp_path / "b.json") == baseline
    with pytest.raises(ConfigurationError, match="cannot be written"):
        save(replace(baseline, source=str(tmp_path)))
