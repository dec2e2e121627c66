"""The JSON Schema of a configuration file, for editors; made from the table of keys.

It says what a file may hold, not whether that makes sense together: the reader does.
"""

from __future__ import annotations

from typing import Any

from .keys import POLICY_KEYS, PRESETS, RULE, TOP, Key

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_REPORTS: dict[str, Any] = {
    "properties": {"mode": {"const": "report"}},
    "required": ["mode"],
}


def schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of ``nocache.toml``."""
    tables = {
        "policies": {
            "description": "Own policies, by name.",
            "type": "object",
            "propertyNames": {"pattern": "^[a-z0-9]+(-[a-z0-9]+)*$"},
            "additionalProperties": {"$ref": "#/$defs/policy"},
        },
        "rules": {
            "description": "What may be cached, and when; the first match wins.",
            "type": "array",
            "items": {"$ref": "#/$defs/rule"},
        },
    }
    return {
        "$schema": _DRAFT,
        "title": "asgi-nocache",
        **_table(TOP),
        "properties": {**_properties(TOP), **tables},
        "if": {
            "anyOf": [
                _REPORTS,
                {
                    "properties": {"rules": {"contains": _REPORTS}},
                    "required": ["rules"],
                },
            ]
        },
        "then": {"required": ["report-until"]},
        "$defs": {
            "rule": {**_table(RULE), "required": ["policy"]},
            "policy": {
                **_table(POLICY_KEYS),
                "patternProperties": {
                    "^[a-z0-9]+(-[a-z0-9]+)*-cdn-cache-control$": {
                        "$ref": "#/$defs/policy/properties/cdn-cache-control"
                    }
                },
                "required": ["cache-control"],
            },
        },
    }


def _table(keys: dict[str, Key]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": _properties(keys),
    }


def _properties(keys: dict[str, Key]) -> dict[str, Any]:
    return {name: _property(name, key) for name, key in keys.items()}


def _property(name: str, key: Key) -> dict[str, Any]:
    said: dict[str, Any] = {"description": key.doc, **key.kind.schema}
    if key.choices and said["type"] == "array":
        said["items"] = {"enum": list(key.choices)}
    elif key.choices:
        said["enum"] = list(key.choices)
    if name in ("policy", "default"):
        # Own names are possible, too; these are what an editor can complete.
        said["anyOf"] = [{"enum": list(PRESETS)}, *said["anyOf"]]
    return said
