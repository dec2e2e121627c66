"""What a page keeps for the next one, and what has changed since the last.

Reading an earlier report belongs here, an HTML page of ours or the JSON form. A file
that is read is foreign: nothing in it is believed but its shape.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from itertools import compress
from operator import not_
from typing import Any, NamedTuple, TypedDict

from ..._core.errors import ConfigurationError
from ..effects import CACHES
from ..values import Audit
from .as_json import SCHEMA, as_data

#: What is kept in a page has a version of its own.
PAGE_SCHEMA = "asgi-nocache/audit-page/1"
#: The tag that holds it, as the template writes it.
OPENS = '<script type="application/json" id="audit-data">'
_KEPT = re.compile(re.escape(OPENS) + "(.*?)</script>", re.DOTALL)
#: So that nothing in a data block can end it, or begin another.
_ESCAPED = str.maketrans({c: f"\\u{ord(c):04x}" for c in "<>&"})


class Kept(TypedDict):
    """What of an audit is compared: findings by fingerprint, letters by row."""

    schema: str
    app: str
    findings: dict[str, list[str]]
    rows: dict[str, str]


class Change(NamedTuple):
    """What differs from an earlier report.

    Attributes:
        other: What the earlier report was of, if of something else, else ``""``.
        new: Code and place of findings that were not there.
        fixed: Of those that are gone: looked for, or the route is treated otherwise.
        unasked: Of those that are gone, but were not looked for this time.
        came: The rows that were not there.
        went: Those that are gone.
        turned: Those whose letters changed: the row, the letters before and now.
    """

    other: str
    new: tuple[tuple[str, ...], ...]
    fixed: tuple[tuple[str, ...], ...]
    unasked: tuple[tuple[str, ...], ...]
    came: tuple[str, ...]
    went: tuple[str, ...]
    turned: tuple[tuple[str, str, str], ...]

    @property
    def nothing(self) -> bool:
        """Whether all is as it was."""
        return not any(self[1:])


def kept(audit: Audit) -> Kept:
    """Return what a page of *audit* keeps for the next comparison."""
    return _reduced(as_data(audit))


def as_script(data: Kept) -> str:
    """Return *data* as JSON that may stand in a data block of a page."""
    return json.dumps(data, separators=(",", ":")).translate(_ESCAPED)


def read_before(text: str, place: str = "the earlier report") -> Kept:
    """Read an earlier report.

    Args:
        text: An HTML report, or one of ``--format json``.
        place: What it is called in errors.

    Raises:
        ConfigurationError: It is neither, or not whole.
    """
    inside = _KEPT.search(text)
    try:
        data = json.loads(inside[1] if inside else text)
    except (ValueError, RecursionError) as error:
        raise _foreign(place, f"{_beginning(text)} is no report") from error
    schema = data.get("schema") if isinstance(data, dict) else None
    try:
        if schema == PAGE_SCHEMA:
            return _checked(data)
        if schema == SCHEMA:
            return _checked(_reduced(data))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _foreign(place, f"its schema is {schema!r}, its content not") from error
    raise _foreign(place, f"schema={schema!r} is unknown")


def changed(audit: Audit, before: Kept) -> Change:
    """Return what differs in *audit* from *before*."""
    now = kept(audit)
    was, found = before["findings"], now["findings"]
    gone = [tuple(was[key]) for key in was if key not in found]
    rows, old = now["rows"], before["rows"]
    # Where nobody looked, a route that is treated as before has not been mended.
    fixed = [
        code in audit.looked_for or rows.get(where) != old.get(where)
        for code, where in gone
    ]
    return Change(
        other=before["app"] if before["app"] != now["app"] else "",
        new=tuple(tuple(found[key]) for key in found if key not in was),
        fixed=tuple(compress(gone, fixed)),
        unasked=tuple(compress(gone, map(not_, fixed))),
        came=tuple(key for key in rows if key not in old),
        went=tuple(key for key in old if key not in rows),
        turned=tuple(
            (key, old[key], letters)
            for key, letters in rows.items()
            if old.get(key, letters) != letters
        ),
    )


def _reduced(data: Mapping[str, Any]) -> Kept:
    """Return what is kept of a report in the JSON form."""
    rows: dict[str, str] = {}
    for row in data["routes"]:
        where = f"{row['host']}{row['path']}"
        key = f"{row['method']} {where}" if row["method"] else where
        letters = "".join(_letters(row["caches"]))
        # Two routes of one path: the first one answers, both are told.
        rows[key] = f"{rows[key]} {letters}" if key in rows else letters
    findings = {f["fingerprint"]: [f["code"], f["where"]] for f in data["findings"]}
    return Kept(schema=PAGE_SCHEMA, app=data["app"], findings=findings, rows=rows)


def _letters(caches: Mapping[str, Mapping[str, str]]) -> Iterable[str]:
    return (caches[c.name]["letter"] if c.name in caches else "-" for c in CACHES)


def _checked(data: Mapping[str, Any]) -> Kept:
    """Return *data*, whose every text is one."""
    findings = {key: [code, where] for key, (code, where) in data["findings"].items()}
    rows = dict(data["rows"].items())
    texts = [
        data["app"],
        *rows.values(),
        *(t for two in findings.values() for t in two),
    ]
    if not all(isinstance(text, str) for text in texts):
        raise TypeError
    return Kept(schema=PAGE_SCHEMA, app=data["app"], findings=findings, rows=rows)


def _beginning(text: str) -> str:
    return repr(text[:30] + "…" if len(text) > 30 else text)


def _foreign(place: str, problem: str) -> ConfigurationError:
    remedy = "give a file that asgi-nocache audit wrote, --format html or json"
    return ConfigurationError(place, [f"{problem}; {remedy}"])
