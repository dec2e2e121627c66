"""The same policy at the edge: ``export("nginx", rules)``.

The front door: names, and the table of targets. Each target is a module; all read
one plan (plan.py), made from the rules (compile.py) and cut to what the target can
match (fit.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .. import __version__
from .._core.errors import ConfigurationError
from .._core.rules import Rule, RuleSet
from . import (
    apache,
    caddy,
    cloudflare,
    cloudflare_headers,
    cloudfront,
    fastly,
    gateway_api,
    haproxy,
    netlify,
    nginx,
    traefik,
    varnish,
)
from .compile import compile_plan
from .evaluate import evaluate
from .fit import fit
from .losses import NotExpressibleError, gaps_allowed
from .plan import Plan
from .target import Can, Export, File, Heading, Target

__all__ = [
    "TARGETS",
    "Can",
    "Export",
    "File",
    "NotExpressibleError",
    "Plan",
    "Target",
    "evaluate",
    "export",
    "heading",
    "plan_for",
]

#: By name, in the order of the documentation.
TARGETS: dict[str, Target] = {
    each.TARGET.name: each.TARGET
    for each in (
        nginx,
        varnish,
        apache,
        haproxy,
        caddy,
        traefik,
        gateway_api,
        cloudflare_headers,
        cloudflare,
        netlify,
        fastly,
        cloudfront,
    )
}


def plan_for(
    target: str,
    policy_set: RuleSet | Iterable[Rule],
    *,
    widen: bool = False,
    allow_gaps: Iterable[str] = (),
) -> Plan:
    """Return what *target* is told, before it is written down.

    Args:
        target: A name in :data:`TARGETS`.
        policy_set: The rules; alone they stand over the closed default.
        widen: Whether what the target cannot say may be said more strictly.
        allow_gaps: Rules that may be left out where the target cannot say them:
            ``"NC802:/reports/**"`` or ``"NC802:3"``, by path or by number. What
            such a rule matches is never-store, whatever comes after it.

    Raises:
        ConfigurationError: There is no such target, or *allow_gaps* names no rule,
            or one that is not left out.
        NotExpressibleError: NC802, the target cannot say it; all rules are named.
    """
    if target not in TARGETS:
        raise ConfigurationError(
            "export", [f"{target!r} is no target; choose {', '.join(TARGETS)}"]
        )
    rules = policy_set if isinstance(policy_set, RuleSet) else RuleSet(policy_set)
    gaps = gaps_allowed(rules, allow_gaps)
    allowed = frozenset[str]().union(*gaps.values())
    plan = compile_plan(rules, widen=widen, allowed=allowed)
    plan = fit(plan, TARGETS[target], widen=widen, allowed=allowed)
    left_out = {gap.rule for gap in plan.gaps}
    unused = [each for each, found in gaps.items() if not found & left_out]
    if unused:
        raise ConfigurationError(
            "--allow-gap",
            [f"{each!r}: {target} can follow that rule; drop it" for each in unused],
        )
    return plan


def export(
    target: str,
    policy_set: RuleSet | Iterable[Rule],
    *,
    widen: bool = False,
    allow_gaps: Iterable[str] = (),
    source: str = "",
) -> Export:
    """Return the configuration that makes *target* follow the policy.

    Args:
        target: A name in :data:`TARGETS`.
        policy_set: The rules; alone they stand over the closed default.
        widen: Whether what the target cannot say may be said more strictly.
        allow_gaps: As :func:`plan_for` takes them.
        source: What the policy is read from, for the files' heading:
            ``"shop.main:app"``.

    Raises:
        ConfigurationError: There is no such target, or a gap is none.
        NotExpressibleError: NC802, the target cannot say it; all rules are named.
    """
    plan = plan_for(target, policy_set, widen=widen, allow_gaps=allow_gaps)
    edge = TARGETS[target]
    return edge.write(plan, heading(edge, plan, source))


def heading(target: Target, plan: Plan, source: str) -> Heading:
    """Return what the files of an export say of themselves."""
    again = f"asgi-nocache export {target.name}" + (f" {source}" if source else "")
    return Heading(
        (
            f"Cache policy for {target.title}: asgi-nocache {__version__}, "
            f"policy {plan.fingerprint}.",
            "Do not edit: change the rules and export again.",
            f"Up to date? {again} --check -o HERE",
            *(() if target.real else ("Not verified on a real edge.",)),
            *_gap_lines(plan),
            *(f"Note: {note}." for note in plan.notes),
        )
    )


def _gap_lines(plan: Plan) -> Iterator[str]:
    """Yield how many rules are left out knowingly, and which."""
    rules = {gap.rule for gap in plan.gaps}
    if rules:
        yield f"Left out by --allow-gap, so never-store here: rules, {len(rules)}."
    for gap in plan.gaps:
        yield f"Gap NC802: {gap.rule}: {gap.reason}."
