"""Losses: what an edge cannot be told, refused by name or made never-store.

What no edge knows is listed here; what one target cannot match is fit.py's.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field

from .._core.errors import ConfigurationError
from .._core.policy import is_side_field
from .._core.rules import Rule, RuleSet
from .plan import Gap


class NotExpressibleError(ConfigurationError):
    """NC802: a rule that an edge cannot follow. Each problem names one."""

    __module__ = "asgi_nocache.export"


@dataclass
class Losses:
    """What cannot be said: refused, or said more strictly if that is allowed.

    Attributes:
        widen: Whether a rule may become stricter.
        allowed: The rules, as :func:`named` calls them, that may be left out.
        refused: One sentence each.
        widened: One sentence each.
        gaps: What was left out, since that was allowed.
    """

    widen: bool = False
    allowed: Container[str] = frozenset()
    refused: list[str] = field(default_factory=list)
    widened: list[str] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)

    def add(self, entry: str, reason: str, remedy: str) -> None:
        """Take note of what *entry* asks and an edge cannot do."""
        if entry in self.allowed:
            self.gaps.append(Gap(entry, reason))
        elif self.widen:
            self.widened.append(f"{entry} is never-store here: {reason}")
        else:
            self.refused.append(
                f"{entry}: {reason}; {remedy}, or allow --widen to make it never-store "
                "(--allow-gap for one rule)"
            )

    def check(self, place: str) -> None:
        """Raise if anything was refused.

        Raises:
            NotExpressibleError: With all of it.
        """
        if self.refused:
            raise NotExpressibleError(place, [f"NC802 {each}" for each in self.refused])


def named(number: int, rule: Rule) -> str:
    """Return what *rule* is called in refusals and notes."""
    return f"rule {number}, {rule!r}"


_GAP = "NC802:"


def gaps_allowed(
    policy_set: RuleSet, typed: Iterable[str]
) -> dict[str, frozenset[str]]:
    """Return which rules may be left out, by what was typed.

    Args:
        policy_set: The rules.
        typed: ``"NC802:/reports/**"``, the path of one or several rules as it is
            written, or ``"NC802:3"``, the number of one.

    Raises:
        ConfigurationError: It is another code, or names no rule.
    """
    out, problems = {}, []
    for each in typed:
        asked = each.removeprefix(_GAP)
        found = frozenset(
            named(number, rule)
            for number, rule in enumerate(policy_set.rules, 1)
            if each.startswith(_GAP) and asked in (str(number), _path_of(rule))
        )
        out[each] = found
        if not found:
            problems.append(
                f"{each!r} names no rule; write NC802: and a rule's path or number"
            )
    if problems:
        raise ConfigurationError("--allow-gap", problems)
    return out


def _path_of(rule: Rule) -> str | None:
    return rule.path.pattern if isinstance(rule.path, re.Pattern) else rule.path


def unknown_to_edges(rule: Rule, mode: str) -> Iterator[tuple[str, str]]:
    """Yield what no edge knows, and what to write instead."""
    conditions = rule.conditions
    if isinstance(rule.path, re.Pattern):
        yield (
            "a regular expression is read differently by each edge",
            ("write a path pattern such as '/items/*'"),
        )
    if conditions.when is not None:
        yield "when= is Python, which an edge does not run", "write a path or a status"
    if conditions.endpoints is not None or conditions.tags is not None:
        yield "an edge knows no endpoints and no tags", "write the path"
    if conditions.credentials is not None:
        yield (
            "credentials= needs Vary on what stays shareable",
            ("write the paths that need a login"),
        )
    yield from _beyond_comparing(rule, rule.mode or mode)


def _beyond_comparing(rule: Rule, mode: str) -> Iterator[tuple[str, str]]:
    """Yield what an edge would have to read in the app's fields and cannot."""
    policy = rule.policy
    if mode == "report":
        yield "mode 'report' changes nothing", "drop the rule"
    if mode == "if-missing":
        yield "mode 'if-missing' trusts all that the app sends", "write 'stricter'"
    if rule.floor and (rule.conditions.status or rule.conditions.media_types):
        yield (
            "a floor that asks of the response is decided too late",
            ("let the floor be for the path"),
        )
    if policy.never_store:
        return
    if rule.floor:
        yield (
            "a floor that allows caching is joined with what it stands above",
            ("make it never-store, or a rule"),
        )
    if policy.vary:
        yield "vary= is merged into the app's Vary", "let the app send Vary"
    if mode != "override" and any(is_side_field(n.encode()) for n, _ in policy.beside):
        yield (
            "what the app sends in a targeted field is not compared",
            ("give the rule mode='override'"),
        )
