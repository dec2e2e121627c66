"""The baseline: findings that somebody has looked at, and why they may stay.

Reading, applying and renewing ``nocache-baseline.json``. Comments that suppress are
``ignores``'; what is wrong is the checks'. Today's date is always an argument.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from .._core.errors import ConfigurationError
from .checks.table import CHECKS
from .values import Confidence, Finding, Severity

FILE = "nocache-baseline.json"
VERSION = 1
#: What is said of suppressions cannot be suppressed.
ABOUT_SUPPRESSIONS = frozenset({"NC006", "NC007"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One finding that may stay.

    Attributes:
        code: The check's code.
        where: The finding's place, for readers.
        fingerprint: What it is known by.
        reason: Why it may stay; without one it may not.
        owner: Who answers for it.
        expires: The last day on which it may, as ``YYYY-MM-DD``; ``""``: for ever.
    """

    code: str
    where: str
    fingerprint: str
    reason: str
    owner: str = ""
    expires: str = ""

    def fault(self, today: date) -> str:
        """Return why it suppresses nothing on this day, ``""`` if it does."""
        if not self.reason.strip():
            return "gives no reason"
        if self.expires and date.fromisoformat(self.expires) < today:
            return f"has expired on {self.expires}"
        return ""


@dataclass(frozen=True, slots=True)
class Baseline:
    """All entries, and the file they stand in."""

    entries: tuple[Entry, ...] = ()
    source: str = FILE


def load(path: str | Path) -> Baseline:
    """Read a baseline.

    Raises:
        ConfigurationError: The file cannot be read, or something in it is wrong.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(str(path), [f"cannot be read: {error}"]) from error
    return parse(text, str(path))


def parse(text: str, source: str = FILE) -> Baseline:
    """Read a baseline's text.

    Raises:
        ConfigurationError: With everything that is wrong.
    """
    try:
        given = json.loads(text)
    except ValueError as error:
        raise ConfigurationError(source, [f"is no JSON: {error}"]) from error
    if not isinstance(given, dict) or not isinstance(given.get("entries"), list):
        problem = 'has no list of entries; write {"version": 1, "entries": []}'
        raise ConfigurationError(source, [problem])
    if given.get("version") != VERSION:
        problem = f"version={given.get('version')!r} is unknown; this reads {VERSION}"
        raise ConfigurationError(source, [problem])
    items = given["entries"]
    problems = [p for n, item in enumerate(items, 1) for p in _problems(n, item)]
    problems += [] if problems else _repeated(items)
    if problems:
        raise ConfigurationError(source, problems)
    return Baseline(tuple(Entry(**item) for item in items), source)


_NAMES = ("code", "where", "fingerprint", "reason", "owner", "expires")
_NEEDED = ("code", "where", "fingerprint", "reason")


def _problems(number: int, item: Any) -> list[str]:
    name = f"entry {number}"
    if not isinstance(item, dict):
        return [f"{name}: {item!r} is no object"]
    out = [f"{name}: {key!r} is unknown; drop it" for key in item if key not in _NAMES]
    out += [f"{name}: {key!r} is missing" for key in _NEEDED if key not in item]
    texts = {key: item[key] for key in _NAMES if key in item}
    odd = {key: value for key, value in texts.items() if not isinstance(value, str)}
    out += [f"{name}: {key}={value!r} is not a text" for key, value in odd.items()]
    if "code" not in odd and item.get("code", "NC001") not in CHECKS:
        out.append(f"{name}: there is no check {item['code']!r}")
    if "expires" not in odd and not _is_day(item.get("expires") or "2000-01-01"):
        out.append(f"{name}: expires={item['expires']!r} is no day; write YYYY-MM-DD")
    return out


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _repeated(items: list[dict[str, str]]) -> list[str]:
    seen: set[tuple[str, str]] = set()
    out = []
    for number, item in enumerate(items, 1):
        key = (item["code"], item["fingerprint"])
        if key in seen:
            out.append(f"entry {number}: repeats {' '.join(key)}; drop one of them")
        seen.add(key)
    return out


def applied(
    findings: Iterable[Finding],
    baseline: Baseline,
    today: date,
    looked_for: Collection[str] = frozenset(CHECKS),
) -> tuple[Finding, ...]:
    """Return *findings* with those suppressed that the baseline has.

    And with what is wrong with the baseline itself: an entry whose finding is gone
    (NC006), and one that has expired or gives no reason (NC007).

    Args:
        findings: What the checks found; what is suppressed already stays so.
        baseline: The baseline.
        today: The day to compare the entries' last days with.
        looked_for: The codes that could not have been missed; an entry of another
            is not called unused.
    """
    findings = tuple(findings)
    by_key = {(e.code, e.fingerprint): e for e in baseline.entries}
    out, used = [], set()
    for finding in findings:
        entry = by_key.get((finding.code, finding.fingerprint))
        if entry is not None:
            used.add(entry)
        takes = entry is not None and not entry.fault(today)
        if takes and entry and finding.code not in ABOUT_SUPPRESSIONS:
            finding = replace(finding, suppressed=finding.suppressed or entry.reason)
        out.append(finding)
    for entry in baseline.entries:
        where = f"{baseline.source}: {entry.code} {entry.where}"
        if entry not in used:
            if entry.code in looked_for:
                what = f"the entry {entry.code} for {entry.where} suppresses nothing"
                out.append(about_suppression("NC006", where, what))
        elif fault := entry.fault(today):
            what = f"the entry {entry.code} for {entry.where} {fault}"
            out.append(about_suppression("NC007", where, what))
    return tuple(out)


def about_suppression(code: str, where: str, message: str) -> Finding:
    """Return NC006 or NC007 about the suppression at *where*."""
    check = CHECKS[code]
    return Finding(
        code=code,
        severity=check.severity,
        confidence=check.confidence,
        where=where,
        message=message,
        why=check.why,
        fix=check.fix,
        reference=check.reference,
    )


def updated(
    baseline: Baseline,
    findings: Iterable[Finding],
    reason: str,
    *,
    owner: str = "",
    expires: date | None = None,
    at_least: Severity = Severity.WARNING,
    looked_for: Collection[str] = frozenset(CHECKS),
) -> Baseline:
    """Return the baseline that fits *findings*.

    Entries that still have their finding stay as they are, an expired day included:
    whoever renews it should look first. The others go, but for those of codes that
    nobody looked for.

    Args:
        baseline: What there is; empty at first.
        findings: What the checks found, suppressed by it or not.
        reason: Why the new ones may stay.
        owner: Who answers for the new ones.
        expires: The last day on which the new ones may stay.
        at_least: How bad a finding must be to get an entry; a guess gets none.
        looked_for: The codes that could not have been missed.
    """
    findings = [f for f in findings if f.code not in ABOUT_SUPPRESSIONS]
    present = {(f.code, f.fingerprint) for f in findings}
    kept = [
        entry
        for entry in baseline.entries
        if (entry.code, entry.fingerprint) in present or entry.code not in looked_for
    ]
    known = {(entry.code, entry.fingerprint) for entry in kept}
    for finding in findings:
        key = (finding.code, finding.fingerprint)
        counts = finding.confidence is not Confidence.GUESS
        bad = finding.severity.rank >= at_least.rank
        if key not in known and counts and bad and not finding.suppressed:
            known.add(key)
            day = expires.isoformat() if expires else ""
            kept.append(
                Entry(
                    code=finding.code,
                    where=finding.where,
                    fingerprint=finding.fingerprint,
                    reason=reason,
                    owner=owner,
                    expires=day,
                )
            )
    return Baseline(tuple(kept), baseline.source)


def dump(baseline: Baseline) -> str:
    """Return the text of a baseline, always in the same order."""
    entries = sorted(baseline.entries, key=lambda e: (e.code, e.where, e.fingerprint))
    items = [{k: v for k, v in asdict(e).items() if v or k in _NEEDED} for e in entries]
    shown = {"version": VERSION, "entries": items}
    return json.dumps(shown, indent=2, ensure_ascii=False) + "\n"


def save(baseline: Baseline) -> None:
    """Write a baseline to its file.

    Raises:
        ConfigurationError: It cannot be written.
    """
    try:
        Path(baseline.source).write_text(dump(baseline), encoding="utf-8")
    except OSError as error:
        problem = f"cannot be written: {error}"
        raise ConfigurationError(baseline.source, [problem]) from error
