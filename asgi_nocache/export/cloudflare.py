"""Cloudflare zone rules: a merge plan for the Rulesets API. Not run on a real edge.

Three phases: what Cloudflare stores (Cache Rules), what the app's words come to for
its cache (Cache Response Rules), what the visitor sees (Response Header Transform
Rules). In each, all rules that match apply and the last one wins: so the default is
first, and what goes first in the plan is last. How a question is worded is
cloudflare_expressions.py's.

Never a body to PUT on a phase's entry point: that would replace the owner's rules.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from . import cloudflare_expressions as words
from .losses import Losses
from .plan import Answer, Case, Entry, Fact, Plan, Say
from .target import ALL, Export, File, Heading, Target
from .words import plain

#: Characters in an expression.
LONGEST = 4096
#: Rules a phase holds, by plan of the zone.
PLANS = {"Free": 10, "Pro": 25, "Business": 50, "Enterprise": 300}

_STORAGE = "http_request_cache_settings"
_CACHE = "http_response_cache_settings"
_VISITOR = "http_response_headers_transform"

_INCLUDE = """\
Not verified on a real edge: try it on a zone of your own first. For each phase, read
the zone's entry point ruleset, drop the rules whose "ref" begins with "nocache_", put
these at its end in this order, and write the whole list back; or give the same rules
to Terraform's cloudflare_ruleset. A PUT of these rules alone deletes all others."""

_GAPS = (
    "Not verified on a real edge: only the form of the file is tested.",
    "A request's If-None-Match reaches the app, so ETag and Last-Modified are taken "
    "from what is never stored.",
    "What a later rule of the zone, a Worker or a Page Rule sets wins over the policy; "
    "look for edge_ttl with mode override_origin.",
    "Cloudflare's own error pages get the default only where Response Header "
    "Transform Rules run for them.",
)


def _narrow(plan: Plan, losses: Losses) -> Plan:
    """Return *plan* without what would compare the app's own words."""
    for entry in plan.entries:
        answers = {case.answer.say for case in entry.cases}
        facts = {each.fact for case in entry.cases for each in case.when}
        if Say.KEEP in answers or Fact.WORD in facts:
            losses.add(
                f"rule {entry.number}, {entry.rule}",
                "a rule cannot leave the app's own words as they are once the "
                "default has been written",
                "give the rule mode='override'",
            )
            plan = words.shut(plan, entry)
    rules = list(_visitor(plan))
    longest = max(len(rule["expression"]) for rule in rules)
    if longest > LONGEST:
        losses.refused.append(
            f"an expression of {longest} characters is too long: Cloudflare takes "
            f"{LONGEST}; shorten paths, or name fewer media types"
        )
    needed = len(rules)
    if needed > PLANS["Enterprise"]:
        losses.refused.append(
            f"{needed} rules are too many: the largest zone holds "
            f"{PLANS['Enterprise']} a phase; join rules into folders"
        )
    return plan


def _write(plan: Plan, heading: Heading) -> Export:
    phases = {
        _STORAGE: list(_storage(plan)),
        _CACHE: list(_cache(plan)),
        _VISITOR: list(_visitor(plan)),
    }
    most = max(map(len, phases.values()))
    fits = [name for name, size in PLANS.items() if most <= size]
    if " matches " in json.dumps(phases):
        fits = [name for name in fits if name in ("Business", "Enterprise")]
    body = {
        "about": list(heading.lines),
        "plans": fits,
        "merge": {"replace_refs": "nocache_*", "keep_other_rules": True, "at": "end"},
        "phases": [{"phase": n, "rules": rules} for n, rules in phases.items()],
    }
    text = json.dumps(body, indent=2, ensure_ascii=False) + "\n"
    gap = f"It takes {most} rules in one phase: for the plans {', '.join(fits)}."
    return Export((File("cloudflare-rules.json", text),), _INCLUDE, (*_GAPS, gap))


def _rule(ref: str, about: str, expression: str, action: str, **how: Any) -> Any:
    return {
        "ref": f"nocache_{ref}",
        "description": plain(about),
        "expression": expression,
        "action": action,
        "action_parameters": how,
        "enabled": True,
    }


def _reversed(plan: Plan) -> Iterator[tuple[str, Entry]]:
    """Yield the entries, the one that goes first at the end, with a name for each."""
    for place in reversed(range(len(plan.entries))):
        yield f"{place + 1}", plan.entries[place]


def _about(entry: Entry) -> str:
    why = f": {entry.reason}" if entry.reason else ""
    return f"rule {entry.number}, {entry.rule}{why}"


def _storage(plan: Plan) -> Iterator[Any]:
    """Yield what may be stored at all: only the request is known."""
    bypass = {"cache": False}
    yield _rule("default", "everything else", "true", "set_cache_settings", **bypass)
    for ref, entry in _reversed(plan):
        asked = words.matching(entry)
        if entry.strict:
            how: dict[str, Any] = bypass
        else:
            asked = words.both(asked, *words.unconditionally(entry))
            obeys = {"mode": "bypass_by_default"}
            how = {
                "cache": True,
                "edge_ttl": obeys,
                "browser_ttl": {"mode": "respect_origin"},
            }
        yield _rule(ref, _about(entry), asked, "set_cache_settings", **how)


def _cases(entry: Entry) -> Iterator[tuple[str, Case]]:
    for place in reversed(range(len(entry.cases))):
        yield f"_{place + 1}", entry.cases[place]


def _cache(plan: Plan) -> Iterator[Any]:
    """Yield what Cloudflare's cache is told where the answer forbids storing."""
    no_store = {"no_store": {"operation": "set"}}
    for ref, entry in _reversed(plan):
        if entry.strict:
            continue  # not eligible at all
        for end, case in _cases(entry):
            if case.answer.say is Say.NEVER or "private" in case.answer.cache_control:
                asked = words.case_of(entry, case)
                yield _rule(
                    ref + end, _about(entry), asked, "set_cache_control", **no_store
                )


def _visitor(plan: Plan) -> Iterator[Any]:
    """Yield what leaves."""
    default = _headers(plan.default)
    yield _rule("default", "everything else", "true", "rewrite", headers=default)
    for ref, entry in _reversed(plan):
        for end, case in _cases(entry):
            asked = words.case_of(entry, case)
            if case.answer.say is not Say.NEVER:
                # Not for what Cloudflare says itself: challenges, blocks, 5xx.
                asked = words.both(asked, 'cf.response.error_type eq ""')
            how = _headers(case.answer)
            yield _rule(ref + end, _about(entry), asked, "rewrite", headers=how)


def _headers(answer: Answer) -> dict[str, dict[str, str]]:
    """Return the fields of *answer*, the same names for all that is said."""
    gone = dict.fromkeys(answer.remove)
    if answer.say is Say.NEVER:
        gone |= dict.fromkeys(("etag", "last-modified"))
    out: dict[str, dict[str, str]] = {n: {"operation": "remove"} for n in gone}
    out |= {n: {"operation": "set", "value": v} for n, v in answer.set}
    return out


TARGET = Target(
    name="cloudflare",
    title="Cloudflare's zone rules",
    write=_write,
    can=ALL,
    narrow=_narrow,
)
