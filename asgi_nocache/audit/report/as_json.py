"""The report for programs: JSON with a version in it.

What is here is an interface: a key is added, never renamed, without a new version.
"""

from __future__ import annotations

import json
from typing import Any

from ..values import Audit, Audited, Effect, Finding

SCHEMA = "asgi-nocache/audit/1"


def as_json(audit: Audit) -> str:
    """Return the audit as a JSON text that ends with a newline."""
    return json.dumps(as_data(audit), indent=1, ensure_ascii=True) + "\n"


def as_data(audit: Audit) -> dict[str, Any]:
    """Return the audit as plain lists, dictionaries and texts."""
    return {
        "schema": SCHEMA,
        "app": audit.app,
        "driven": audit.driven,
        "middleware": [
            {
                "form": layer.form,
                "default": repr(layer.policy_set.default),
                "mode": layer.policy_set.mode,
                "rules": [repr(rule) for rule in layer.policy_set.rules],
            }
            for layer in audit.layers
        ],
        "routes": [_row(row) for row in audit.rows],
        "rules": [{"rule": rule, "hits": hits} for rule, hits in audit.hits.items()],
        "findings": [finding_data(finding) for finding in audit.findings],
    }


def _row(row: Audited) -> dict[str, Any]:
    route = row.route
    return {
        "method": row.method,
        "path": route.path,
        "host": route.host,
        "kind": route.kind.value,
        "framework": route.framework,
        "endpoint": route.qualified,
        "place": str(route.place or ""),
        "via": list(route.via),
        "declared": row.declared,
        "decided_by": row.decided_by,
        "fields": [list(line) for line in row.fields],
        "caches": {name: _effect(effect) for name, effect in row.effects.items()},
        "observed": row.observed
        and {
            "status": row.observed.status,
            "fields": [list(line) for line in row.observed.fields],
            "problem": row.observed.problem,
        },
    }


def _effect(effect: Effect) -> dict[str, str]:
    return {
        "letter": effect.letter,
        "words": effect.words,
        "reason": effect.prediction.reason,
        "reference": effect.prediction.reference,
    }


def finding_data(finding: Finding) -> dict[str, Any]:
    """Return one finding."""
    place = finding.place
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "confidence": finding.confidence.value,
        "where": finding.where,
        "message": finding.message,
        "why": finding.why,
        "fix": finding.fix,
        "reference": finding.reference,
        "file": place.file if place else "",
        "line": place.line if place else 0,
        "fingerprint": finding.fingerprint,
        "suppressed": finding.suppressed,
    }
