"""Rules as the Python that makes them, to be pasted into an app.

Only what a file can say: paths, policies, modes and reasons.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import fields

from .._core.cache_control import CacheControl
from .._core.policy import Policy
from .._core.rules import Rule, RuleSet

#: What is parsed and kept for reports, and says nothing of its own.
_KEPT = {"directives", "anomalies"}


def as_code(policy_set: RuleSet) -> str:
    """Return Python that makes *policy_set*, with its imports and a ``rules`` list."""
    rules = "".join(f"    {_rule(rule)},\n" for rule in policy_set.rules)
    default = _policy(policy_set.default)
    body = f"rules = [\n{rules}]\napp = NoCacheMiddleware(app, rules=rules"
    body += "" if default == "NO_STORE" else f", default={default}"
    tree = ast.walk(ast.parse(body + ")"))
    used = {node.id for node in tree if isinstance(node, ast.Name)} - {"app", "rules"}
    return f"from asgi_nocache import {', '.join(sorted(used))}\n\n{body})\n"


def _rule(rule: Rule) -> str:
    mode = f", mode={rule.mode!r}" if rule.mode else ""
    reason = f", reason={rule.reason!r}" if rule.reason else ""
    return f"Rule({rule.path!r}, {_policy(rule.policy)}{mode}{reason})"


def _policy(policy: Policy) -> str:
    if policy.name:
        return policy.name  # a preset: what a file says has no name
    beside = f", beside={policy.beside!r}" if policy.beside else ""
    return f"Policy(CacheControl({', '.join(_said(policy.cache_control))}){beside})"


def _said(control: CacheControl | None) -> Iterator[str]:
    empty = CacheControl()
    for field in fields(empty):
        value = getattr(control, field.name)
        if field.name not in _KEPT and value != getattr(empty, field.name):
            yield f"{field.name}={value!r}"
