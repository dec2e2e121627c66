"""From rules and settings back to the values of a configuration file.

What Python can say and a file cannot is refused, never left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from .._core.errors import ConfigurationError
from .._core.guards import ALL_GUARDS
from .._core.policy import Policy
from .._core.rules import Rule
from .build import Settings
from .keys import POLICY_NAME, PRESETS


def as_mapping(
    rules: Iterable[Rule], settings: Settings | None = None
) -> dict[str, Any]:
    """Return what a file would say, for any TOML writer.

    Args:
        rules: In order.
        settings: What is said beside them.

    Raises:
        ConfigurationError: A rule has a ``when``, flags of a regular expression, or
            neither path nor condition, which a file cannot say.
    """
    rules = tuple(rules)
    given = settings or Settings()
    policies = _named(
        [*([given.default] if given.default else []), *(r.policy for r in rules)]
    )
    values: dict[str, Any] = {}
    if given.default is not None:
        values["default"] = _reference(given.default, policies)
    for name in ("mode", "report_until", "enforce_percent"):
        if (value := getattr(given, name)) is not None:
            values[name.replace("_", "-")] = value
    if given.guards is not None:
        values["guards-off"] = sorted(ALL_GUARDS - given.guards)
    for name in _FLAGS:
        if (value := getattr(given, name)) is not None:
            values[name.replace("_", "-")] = value
    if policies:
        values["policies"] = {name: _policy(p) for name, p in policies.items()}
    problems = [p for n, rule in enumerate(rules, 1) for p in _problems(n, rule)]
    if problems:
        raise ConfigurationError("a configuration file", problems)
    if rules:
        values["rules"] = [_rule(rule, policies) for rule in rules]
    return values


def _named(policies: Iterable[Policy]) -> dict[str, Policy]:
    """Return the policies that a file can name, each name for one of them."""
    found: dict[str, Policy] = {}
    for policy in policies:
        name = policy.name
        fit = POLICY_NAME.fullmatch(name) and name not in PRESETS
        if fit and policy.cache_control is not None:
            found.setdefault(name, policy)
    return found


def _reference(policy: Policy, policies: dict[str, Policy]) -> Any:
    for name, known in (*policies.items(), *PRESETS.items()):
        if known == policy and (name == policy.name or name in PRESETS):
            return name
    return _policy(policy)


def _policy(policy: Policy) -> dict[str, Any]:
    said: dict[str, Any] = {
        "cache-control": str(policy.cache_control),
        **dict(policy.beside),
    }
    if policy.vary:
        said["vary"] = list(policy.vary)
    for name in ("strip_validators", "clear_site_data", "shared_with_credentials"):
        if getattr(policy, name):
            said[name.replace("_", "-")] = True
    return said


def _problems(number: int, rule: Rule) -> Iterable[str]:
    if rule.when is not None:
        yield f"rule {number}, {rule!r}: when={rule.when!r} is code; keep it in Python"
    if isinstance(rule.path, re.Pattern) and rule.path.flags != re.UNICODE:
        yield (
            f"rule {number}, {rule!r}: the pattern has flags; write them into it, as "
            "in '(?i)/name'"
        )
    if rule.path is None and not any(
        getattr(rule, name) is not None for name in _CONDITIONS
    ):
        yield f"rule {number}, {rule!r}: is for everything; write '/**', or the default"


_FLAGS = ("error_response", "reject_ambiguous", "refuse_prefetch", "metrics")
_LISTS = ("methods", "hosts", "media_types", "endpoints", "tags")
_CONDITIONS = (*_LISTS, "status", "credentials")


def _rule(rule: Rule, policies: dict[str, Policy]) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if isinstance(rule.path, re.Pattern):
        said["path-regex"] = rule.path.pattern
    elif rule.path is not None:
        said["path"] = rule.path
    said["policy"] = _reference(rule.policy, policies)
    for name in _LISTS:
        if (value := getattr(rule.conditions, name)) is not None:
            said[name.replace("_", "-")] = sorted(value)
    if rule.conditions.status is not None:
        said["status"] = _statuses(rule.conditions.status)
    if rule.credentials is not None:
        said["credentials"] = rule.credentials
    if rule.mode is not None:
        said["mode"] = rule.mode
    if rule.floor:
        said["floor"] = True
    if rule.guards is not None:
        said["guards-off"] = sorted(ALL_GUARDS - {*rule.guards})
    if rule.reason:
        said["reason"] = rule.reason
    return said


def _statuses(codes: frozenset[int]) -> list[int | str]:
    """Return *codes* with whole classes as one word."""
    out: list[int | str] = []
    left = set(codes)
    for first in range(100, 600, 100):
        whole = set(range(first, first + 100))
        if whole <= left:
            out.append(f"{first // 100}xx")
            left -= whole
    return [*out, *sorted(left)]


def as_toml(values: Mapping[str, Any]) -> str:
    """Return the text of a file that says *values*, as :func:`as_mapping` has them."""
    tables = [
        *((f"[policies.{n}]", t) for n, t in values.get("policies", {}).items()),
        *(("[[rules]]", table) for table in values.get("rules", ())),
    ]
    plain = {n: v for n, v in values.items() if n not in ("policies", "rules")}
    parts = ["".join(_lines(plain))]
    parts += [f"{header}\n{''.join(_lines(table))}" for header, table in tables]
    return "\n".join(filter(None, parts))


def _lines(table: Mapping[str, Any]) -> Iterator[str]:
    for name, value in table.items():
        yield f"{name} = {_toml(value)}\n"


def _toml(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{n} = {_toml(v)}' for n, v in value.items())} }}"
    # JSON's texts, numbers and flags are TOML's, but for DEL, which must be escaped.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
