"""SARIF 2.1.0, for code scanning: one run, its rules, its results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..values import Audit, Confidence, Finding, Place, Severity
from .texts import relative

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {
    Severity.INFO: "note",
    Severity.WARNING: "warning",
    Severity.ERROR: "error",
}

_ENDS = (".py", "/__init__.py")
_PRECISIONS = {
    Confidence.GUESS: "low",
    Confidence.LIKELY: "high",
    Confidence.CERTAIN: "very-high",
}


def as_sarif(audit: Audit) -> str:
    """Return the findings as a SARIF log.

    Code scanning refuses a result that is in no file, so a finding that is in none
    is put at the head of the app's module.
    """
    app = Place(_module_file(audit.app), 1)
    codes = {finding.code: finding for finding in audit.findings}
    order = sorted(codes)
    log = {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "asgi-nocache",
                        "rules": [_rule(codes[code]) for code in order],
                    }
                },
                "columnKind": "utf16CodeUnits",
                "results": [
                    _result(f, order.index(f.code), f.place or app)
                    for f in audit.findings
                ],
            }
        ],
    }
    return json.dumps(log, indent=1) + "\n"


def _rule(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.code,
        "shortDescription": {"text": finding.why},
        "help": {"text": f"{finding.why} Fix: {finding.fix} ({finding.reference})"},
        "defaultConfiguration": {"level": _LEVELS[finding.severity]},
        "properties": {"precision": _PRECISIONS[finding.confidence]},
    }


def _result(finding: Finding, index: int, place: Place) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.where}: {finding.message} Fix: {finding.fix}"},
        "partialFingerprints": {"asgiNocache/v1": finding.fingerprint},
        "locations": [_location(finding, place)],
    }
    if finding.suppressed:
        result["suppressions"] = [
            {"kind": "external", "justification": finding.suppressed}
        ]
    return result


def _location(finding: Finding, place: Place) -> dict[str, Any]:
    logical = [{"fullyQualifiedName": finding.where, "kind": "resource"}]
    physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(place.file)}}
    if place.line:
        physical["region"] = {"startLine": place.line}
    return {"physicalLocation": physical, "logicalLocations": logical}


def _module_file(app: str) -> str:
    """Return the file of ``"shop.main:app"``, seen from here; a guess if not here."""
    stem = app.partition(":")[0].replace(".", "/")
    files = [f"{top}{stem}{end}" for top in ("", "src/") for end in _ENDS]
    return next((file for file in files if Path(file).is_file()), files[0])


def _uri(file: str) -> str:
    """Return *file* as a URI reference: relative where it is below this folder."""
    path = relative(file)
    if path.is_absolute():
        return path.as_uri()
    return quote(path.as_posix(), errors="surrogateescape")
