"""The keys of a configuration file: one table for the reader and for the schema.

What a key may hold is said here, and nothing of what it means: values become rules
in build.py. A word of the Python API is the same word here, with hyphens.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from .._core.guards import ALL_GUARDS
from .._core.policy import (
    APP_DECIDES,
    LEGACY_2014,
    NO_STORE,
    NO_STORE_EDGE,
    NO_STORE_MINIMAL,
    REVALIDATE,
    SIDE_FIELDS,
    TARGETED_SUFFIX,
    Policy,
)
from .._core.rules import MODES

#: The presets that take no number, as a file names them.
PRESETS: Final[dict[str, Policy]] = {
    "no-store": NO_STORE,
    "no-store-minimal": NO_STORE_MINIMAL,
    "no-store-edge": NO_STORE_EDGE,
    "legacy-2014": LEGACY_2014,
    "revalidate": REVALIDATE,
    "app-decides": APP_DECIDES,
}
#: ``404``, or all of a class: ``4xx``.
STATUS_CLASS: Final = re.compile(r"[1-5]xx")
#: Names of own policies, as TOML has bare keys.
POLICY_NAME: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_TARGETED = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*" + TARGETED_SUFFIX.decode())


@dataclass(frozen=True, slots=True)
class Kind:
    """What a key holds.

    Attributes:
        said: The words for it, with an example.
        fits: Tells whether a value of TOML is of this kind.
        schema: The same as JSON Schema.
    """

    said: str
    fits: Callable[[Any], bool]
    schema: dict[str, Any]


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_text, value))


def _is_status(value: Any) -> bool:
    if isinstance(value, str):
        return STATUS_CLASS.fullmatch(value) is not None
    return type(value) is int and 100 <= value <= 599


def _are_statuses(value: Any) -> bool:
    listed = isinstance(value, list) and bool(value) and all(map(_is_status, value))
    return listed or _is_status(value)


def _is_day(value: Any) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)


def _is_policy(value: Any) -> bool:
    return _is_text(value) or isinstance(value, dict)


_TEXT_SCHEMA: Final = {"type": "string", "minLength": 1}
_TEXTS_SCHEMA: Final = {"type": "array", "minItems": 1, "items": _TEXT_SCHEMA}
_STATUS_SCHEMA: Final = {
    "anyOf": [
        {"type": "integer", "minimum": 100, "maximum": 599},
        {"type": "string", "pattern": "^[1-5]xx$"},
    ]
}

TEXT: Final = Kind('a text, such as "GET"', _is_text, _TEXT_SCHEMA)
TEXTS: Final = Kind('a list of texts, such as ["GET"]', _are_texts, _TEXTS_SCHEMA)
FLAG: Final = Kind(
    "true or false", lambda value: isinstance(value, bool), {"type": "boolean"}
)
DAY: Final = Kind(
    "a day without quotes, such as 2027-01-31",
    _is_day,
    {"type": "string", "format": "date"},
)
PERCENTAGE: Final = Kind(
    "a whole number from 0 to 100",
    lambda value: type(value) is int and 0 <= value <= 100,
    {"type": "integer", "minimum": 0, "maximum": 100},
)
STATUS: Final = Kind(
    'a status code such as 404, a class such as "4xx", or a list of these',
    _are_statuses,
    {"anyOf": [_STATUS_SCHEMA, {**_TEXTS_SCHEMA, "items": _STATUS_SCHEMA}]},
)
POLICY: Final = Kind(
    'the name of a policy, such as "no-store", or { cache-control = "..." }',
    _is_policy,
    {"anyOf": [_TEXT_SCHEMA, {"$ref": "#/$defs/policy"}]},
)
NAMES: Final = Kind(
    'a list of names, such as ["cookie"]',
    lambda value: isinstance(value, list) and all(map(_is_text, value)),
    {"type": "array", "items": _TEXT_SCHEMA},
)


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a table.

    Attributes:
        kind: What it holds.
        doc: One sentence for an editor to show.
        choices: The only texts it may hold, if these are few.
    """

    kind: Kind
    doc: str
    choices: tuple[str, ...] = field(default=(), kw_only=True)


_GUARDS = tuple(sorted(ALL_GUARDS))
_GUARDS_OFF = Key(NAMES, "The guards that are switched off.", choices=_GUARDS)

TOP: Final[dict[str, Key]] = {
    "extends": Key(
        TEXTS,
        "Files that this one builds on: './base.toml', or 'package:acme-policy' for "
        "the nocache.toml of an installed package.",
    ),
    "default": Key(POLICY, "What applies where no rule and no decorator does."),
    "mode": Key(TEXT, "How a policy meets the app's own fields.", choices=MODES),
    "report-until": Key(
        DAY, "The last day of mode report, which needs one; the audit fails after it."
    ),
    "enforce-percent": Key(
        PERCENTAGE, "The share of routes that mode report enforces all the same."
    ),
    "metrics": Key(FLAG, "Whether responses are counted with opentelemetry."),
    "guards-off": _GUARDS_OFF,
    "error-response": Key(
        FLAG, "Whether an exception before the response is answered with a 500."
    ),
    "reject-ambiguous": Key(
        FLAG, "Whether a target with several meanings is answered with 404."
    ),
    "refuse-prefetch": Key(
        FLAG, "Whether a prefetch of what no cache may store is answered with 503."
    ),
}

RULE: Final[dict[str, Key]] = {
    "path": Key(TEXT, "A pattern such as /static/** or /items/{id}."),
    "path-regex": Key(TEXT, "A regular expression that must match the whole path."),
    "policy": Key(POLICY, "What applies."),
    "methods": Key(TEXTS, "Such as GET, which implies HEAD."),
    "hosts": Key(TEXTS, "Such as example.com or *.example.com."),
    "status": Key(STATUS, "What the app answers."),
    "media-types": Key(TEXTS, "Such as text/html or image/*."),
    "endpoints": Key(TEXTS, "Names of endpoints, with * as in shells."),
    "tags": Key(TEXTS, "Matches a route that has any of these."),
    "credentials": Key(FLAG, "Whether the request has Authorization or Cookie."),
    "mode": Key(TEXT, "How the policy meets the app's own fields.", choices=MODES),
    "floor": Key(FLAG, "The rule stands outside the order and can only tighten."),
    "guards-off": _GUARDS_OFF,
    "reason": Key(TEXT, "Why, for reports."),
}

#: The fields that a policy may send beside Cache-Control.
BESIDE: Final = (
    "pragma",
    "expires",
    *(name.decode() for name, texts in SIDE_FIELDS.items() if texts),
)

POLICY_KEYS: Final[dict[str, Key]] = {
    "cache-control": Key(TEXT, "What Cache-Control says."),
    **{name: Key(TEXT, f"What {name} says beside it.") for name in BESIDE},
    "vary": Key(TEXTS, "Field names that are merged into the app's Vary."),
    "strip-validators": Key(FLAG, "Remove ETag and Last-Modified."),
    "clear-site-data": Key(FLAG, 'Send Clear-Site-Data: "cache"; for logout routes.'),
    "shared-with-credentials": Key(
        FLAG, "Let shared caches keep what answers a request with Authorization."
    ),
}


def is_targeted_field(name: str) -> bool:
    """Tell whether *name* is a field of one edge (RFC 9213 section 2.1)."""
    return _TARGETED.fullmatch(name) is not None


def policy_key(name: str) -> Key | None:
    """Return the key *name* of a policy, ``None`` if there is none."""
    if is_targeted_field(name):
        return POLICY_KEYS["cdn-cache-control"]
    return POLICY_KEYS.get(name)
