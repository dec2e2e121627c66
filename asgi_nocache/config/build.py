"""From the values of one file to policies, rules and settings.

The values are of the right kinds already; here they become what the Python API
takes, whose own errors get the line of the key that they are about. Files that
build on others are extend.py's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any

from .._core.cache_control import CacheControl
from .._core.directives import DIRECTIVES
from .._core.errors import ConfigurationError
from .._core.guards import ALL_GUARDS
from .._core.policy import Policy
from .._core.rules import Mode, Rule
from .document import Document, did_you_mean
from .keys import BESIDE, PRESETS, is_targeted_field
from .places import Path

#: A problem of the Python API begins with the word that it is about.
_ABOUT = re.compile(r"(\w+)[=: ]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a file says beside rules; ``None``: nothing.

    Attributes are the keywords of :class:`asgi_nocache.NoCacheMiddleware`.
    """

    default: Policy | None = None
    mode: Mode | None = None
    report_until: date | None = None
    guards: frozenset[str] | None = None
    error_response: bool | None = None
    reject_ambiguous: bool | None = None
    refuse_prefetch: bool | None = None
    enforce_percent: int | None = None
    metrics: bool | None = None

    def over(self, other: Settings) -> Settings:
        """Return these, and those of *other* where nothing is said here."""
        mine = {f.name: getattr(self, f.name) for f in fields(self)}
        return replace(other, **{n: v for n, v in mine.items() if v is not None})


@dataclass(frozen=True, slots=True)
class Placed:
    """A rule, and where it stands."""

    rule: Rule
    source: str
    at: str


@dataclass(frozen=True, slots=True)
class Built:
    """What one file comes to."""

    policies: dict[str, Policy]
    rules: tuple[Placed, ...]
    settings: Settings


def build(document: Document, known: Mapping[str, Policy]) -> Built:
    """Return what *document* says; its problems are noted in it.

    Args:
        document: Checked, and without a problem.
        known: The policies of the files that it builds on, by name.
    """
    values = document.values
    policies: dict[str, Policy] = {}
    for name, table in values.get("policies", {}).items():
        path = ("policies", name)
        if name in known:
            document.wrong(path, f"{name!r} is defined in a file that this one extends")
        elif made := _policy_of(document, table, path, name):
            policies[name] = made
    named = {**PRESETS, **known, **policies}
    rules = tuple(
        Placed(rule, document.source, document.at("rules", number))
        for number, table in enumerate(values.get("rules", []), 1)
        if (rule := _rule(document, table, ("rules", number), named))
    )
    return Built(policies, rules, _settings(document, named))


def _settings(document: Document, named: Mapping[str, Policy]) -> Settings:
    values = dict(document.values)
    for name in ("extends", "rules", "policies"):
        values.pop(name, None)
    if "default" in values:
        values["default"] = _policy(document, values["default"], ("default",), named)
    if "guards-off" in values:
        values["guards"] = ALL_GUARDS - {*values.pop("guards-off")}
    _check_report(document)
    return Settings(**{name.replace("-", "_"): v for name, v in values.items()})


def _check_report(document: Document) -> None:
    """Mode report has an end, and an end is of mode report."""
    values = document.values
    modes: list[tuple[Path, Any]] = [(("mode",), values.get("mode"))]
    for number, rule in enumerate(values.get("rules", []), 1):
        modes.append((("rules", number, "mode"), rule.get("mode")))
    reporting = next((path for path, mode in modes if mode == "report"), None)
    if reporting and "report-until" not in values:
        document.wrong(
            reporting,
            "mode 'report' changes nothing, so it needs an end: at the top of the "
            "file, write report-until = 2027-01-31",
        )
    if "report-until" in values and not reporting:
        document.wrong(
            ("report-until",), "no mode in this file is 'report'; drop this line"
        )


def _policy(
    document: Document, value: Any, path: Path, named: Mapping[str, Policy]
) -> Policy | None:
    """Return the policy that *value* names or writes out."""
    if isinstance(value, dict):
        return _policy_of(document, value, path, "")
    if value not in named:
        hint = did_you_mean(value, named)
        document.wrong(path, f"there is no policy {value!r}; {hint}")
    return named.get(value)


def _policy_of(
    document: Document, table: dict[str, Any], path: Path, name: str
) -> Policy | None:
    """Return the policy that *table* writes out."""
    control = _cache_control(document, table["cache-control"], path)
    if control is None:
        return None
    sent = [n for n in table if n in BESIDE or is_targeted_field(n)]
    flags = {
        n.replace("-", "_"): v
        for n, v in table.items()
        if n not in sent and n != "cache-control"
    }
    try:
        beside = tuple((n, table[n]) for n in sent)
        return Policy(control, name, beside=beside, **flags)
    except ConfigurationError as error:
        _report(document, path, error, table)
    return None


def _cache_control(document: Document, text: str, path: Path) -> CacheControl | None:
    """Read *text* as a developer means it: what is odd in it is a mistake."""
    at = (*path, "cache-control")
    control = CacheControl.parse(text.encode("utf-8"))
    problems = list(control.anomalies)
    for name, _ in control.extensions:
        # Any other word is an extension (RFC 9111 section 5.2.3).
        if (hint := did_you_mean(name, DIRECTIVES)).startswith("did"):
            problems.append(f"the directive {name!r} is unknown; {hint}")
    if not (problems or control):
        problems.append(f"{text!r} says nothing; use the policy 'app-decides' for that")
    for problem in problems:
        document.wrong(at, problem)
    return None if problems else control


def _rule(
    document: Document,
    table: dict[str, Any],
    path: Path,
    named: Mapping[str, Policy],
) -> Rule | None:
    given = {name.replace("-", "_"): value for name, value in table.items()}
    policy = _policy(document, given.pop("policy"), (*path, "policy"), named)
    if "guards_off" in given:
        given["guards"] = ALL_GUARDS - {*given.pop("guards_off")}
    if "status" in given:
        given["status"] = _statuses(given["status"])
    where = _path(document, given, path)
    if policy is None or where is False:
        return None
    try:
        return Rule(where, policy, **given)
    except ConfigurationError as error:
        _report(document, path, error, table)
    return None


def _path(document: Document, given: dict[str, Any], path: Path) -> Any:
    """Take the path out of *given*; ``False`` if it is none."""
    pattern, regex = given.pop("path", None), given.pop("path_regex", None)
    if pattern and regex:
        document.wrong(path, "has path and path-regex; keep one of them")
        return False
    if not (pattern or regex or set(given) - {"mode", "floor", "guards", "reason"}):
        document.wrong(
            path,
            "has neither a path nor a condition, so it is for everything; write path "
            '= "/**" if that is meant, or set the default',
        )
        return False
    if not regex:
        return pattern
    try:
        return re.compile(regex)
    except (re.error, RecursionError, OverflowError) as error:
        document.wrong((*path, "path-regex"), f"{regex!r} cannot be read: {error}")
        return False


def _statuses(value: Any) -> tuple[int, ...]:
    out: list[int] = []
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, str):
            first = int(each[0]) * 100
            out += range(first, first + 100)
        else:
            out.append(each)
    return tuple(out)


def _report(
    document: Document, path: Path, error: ConfigurationError, table: dict[str, Any]
) -> None:
    """Take note of what the Python API refused, at the key that it is about."""
    for problem in error.problems:
        word = _ABOUT.match(problem)
        name = word[1].replace("_", "-") if word else ""
        document.wrong((*path, name) if name in table else path, problem)
