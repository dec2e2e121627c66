"""The join of two policies, for the time in which one replaces the other.

While nodes are rolled out one at a time, what stands before them follows the join:
never looser than the old policy, nor than the new. How it is written down for an
edge is every target's business, as of any policy.
"""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Hashable, Iterable
from dataclasses import replace

from .._core.errors import ConfigurationError
from .._core.guards import ALL_GUARDS
from .._core.rules import Rule, RuleSet


def joined(old: RuleSet, new: RuleSet) -> RuleSet:
    """Return a policy at least as strict as *old* and as *new*, for every response.

    Rules that both have, in the order that both have them in, stay. Every other rule
    of either comes before them and is never-store, so that whatever it is for gets
    the strictest of all; where none of these matches, both decide by the same rule.
    So what changes is not cached while the change is rolled out.

    Args:
        old: The policy that is in use.
        new: The one that replaces it.

    Raises:
        ConfigurationError: Their modes differ, or one of them only reports; there is
            no mode that is at least as strict as both.
    """
    if old.mode != new.mode or "report" in (old.mode, new.mode):
        raise ConfigurationError(
            "the join of two policies",
            [
                f"the old one has mode {old.mode!r}, the new one {new.mode!r}; a join "
                "needs one mode, and not 'report': change modes apart from rules"
            ],
        )
    olds, news = _in_order(old), _in_order(new)
    matcher = difflib.SequenceMatcher(
        None, [_key(r) for r in olds], [_key(r) for r in news], autojunk=False
    )
    blocks = matcher.get_matching_blocks()
    kept = [rule for b in blocks for rule in news[b.b : b.b + b.size]]
    left = [rule for b in blocks for rule in olds[b.a : b.a + b.size]]
    changed = [*_without(olds, left), *_without(news, kept)]
    never_store = new.never_store
    # The mode joins with what the app sent; guards can only raise.
    shut = [
        replace(rule, policy=never_store, mode="stricter", guards=None)
        for rule in changed
    ]
    if old.default != new.default:
        # Not as the default, which mode "if-missing" would let the app undo.
        kept.append(Rule(None, never_store, mode="stricter"))
    with warnings.catch_warnings():
        # Rules that are shut take all of some that stay, and should.
        warnings.simplefilter("ignore", UserWarning)
        return RuleSet(
            [*_floors(old, new), *shut, *kept],
            default=new.default if old.default == new.default else never_store,
            mode=new.mode,
            guards=old.guards | new.guards,
            place="the join of two policies",
        )


def _in_order(policy_set: RuleSet) -> list[Rule]:
    return [rule for rule in policy_set.rules if not rule.floor]


def _floors(old: RuleSet, new: RuleSet) -> list[Rule]:
    """Return the floors of both; those of one weaken neither mode nor guards."""
    olds, news = ([r for r in each.rules if r.floor] for each in (old, new))
    shared = {_key(rule) for rule in olds} & {_key(rule) for rule in news}
    both = [rule for rule in news if _key(rule) in shared]
    alone = [rule for rule in (*olds, *news) if _key(rule) not in shared]
    shut = (replace(rule, mode="stricter", guards=ALL_GUARDS) for rule in alone)
    return [*both, *shut]


def _without(rules: Iterable[Rule], kept: Iterable[Rule]) -> list[Rule]:
    same = {id(rule) for rule in kept}
    return [rule for rule in rules if id(rule) not in same]


def _key(rule: Rule) -> Hashable:
    """Return what two rules share that decide alike; a reason decides nothing."""
    return (
        rule.path,
        rule.policy,
        rule.policy.clear_site_data,
        rule.policy.shared_with_credentials,
        rule.conditions,
        rule.mode,
        rule.floor,
        rule.guards,
    )
