"""The report for programs: the keys are an interface."""

import json
from typing import Any

from format_cases import HOSTILE, audit_of, finding, hostile, routes

from asgi_nocache.audit.report import WRITERS
from asgi_nocache.audit.report.as_json import as_json
from asgi_nocache.audit.values import Audit, Observed


def read(audit: Audit) -> dict[str, Any]:
    text = as_json(audit)
    assert text.isascii()
    assert text.endswith("}\n")
    return json.loads(text)


def test_the_keys() -> None:
    data = read(audit_of(finding(), seen=Observed(200, (("a", "b"),), "odd")))

    assert data["schema"] == "asgi-nocache/audit/1"
    assert [*data] == [
        *("schema", "app", "driven", "middleware", "routes", "rules", "findings")
    ]
    assert [*data["middleware"][0]] == ["form", "default", "mode", "rules"]
    assert [*data["routes"][0]] == [
        *("method", "path", "host", "kind", "framework", "endpoint", "place", "via"),
        *("declared", "decided_by", "fields", "caches", "observed"),
    ]
    assert [*data["findings"][0]] == [
        *("code", "severity", "confidence", "where", "message", "why", "fix"),
        *("reference", "file", "line", "fingerprint", "suppressed"),
    ]


def test_a_row() -> None:
    data = read(audit_of(seen=Observed(404, (("a", "b"),), "odd")))
    first, static, *_, bare = data["routes"]

    assert data["driven"]
    assert (first["method"], first["path"]) == ("GET", "/items")
    assert first["place"] == "shop/items.py:7"
    assert first["observed"] == {
        "status": 404,
        "fields": [["a", "b"]],
        "problem": "odd",
    }
    assert first["caches"]["browser"] | {"reason": ""} == {
        "letter": "N",
        "words": "never stored",
        "reason": "",
        "reference": "RFC 9111 5.2.2.5",
    }
    assert ["cache-control", "public, max-age=3600"] in static["fields"]
    assert static["kind"] == "static files"
    assert (bare["host"], bare["observed"], bare["place"]) == (
        *("api.example.org", None, ""),
    )


def test_rules_have_their_hits() -> None:
    data = read(audit_of())

    assert sum(rule["hits"] for rule in data["rules"]) >= 2
    assert data["middleware"][0]["rules"]


def test_a_finding() -> None:
    told = finding(route=routes()[0], suppressed="known")
    homeless = finding()
    first, second = read(audit_of(told, homeless))["findings"]

    assert first["severity"] == "error"
    assert (first["file"], first["line"]) == ("shop/items.py", 7)
    assert first["fingerprint"] == told.fingerprint
    assert first["suppressed"] == "known"
    assert (second["file"], second["line"]) == ("", 0)


def test_hostile_text_comes_back_as_it_was() -> None:
    assert read(hostile())["routes"][0]["path"] == HOSTILE


def test_every_form_has_a_writer() -> None:
    assert sorted(WRITERS) == [
        *("github", "html", "json", "junit", "markdown", "sarif")
    ]
    assert all(
        isinstance(write(audit_of(finding())), str) for write in WRITERS.values()
    )
