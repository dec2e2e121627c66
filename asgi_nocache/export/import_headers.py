"""Rules from a ``_headers`` file, never looser than what the file says.

In such a file all blocks that match apply and their values are joined; of rules, the
first that matches. So each block becomes a rule that says what all the blocks around
it come to, and the narrower goes first. How lines are read is headers_lines.py's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from .._core.cache_control import CacheControl, contradictions
from .._core.errors import ConfigurationError
from .._core.patterns import REST, TAIL
from .._core.policy import NO_STORE, NO_STORE_EDGE, NO_STORE_MINIMAL, REVALIDATE, Policy
from .._core.rules import Rule, RuleSet
from .headers_lines import Said, blocks_of
from .paths import PathForm

_PRESETS = (NO_STORE, NO_STORE_EDGE, NO_STORE_MINIMAL, REVALIDATE)


class Imported(NamedTuple):
    """What a file comes to.

    Attributes:
        policy_set: The rules and the default. Give it the guards that fit the app.
        notes: What is stricter than in the file or was left behind; sentences.
    """

    policy_set: RuleSet
    notes: tuple[str, ...]


def rules_from_headers(text: str, *, place: str = "_headers") -> Imported:
    """Return what the ``_headers`` file *text* says of caching, as rules.

    Read as Cloudflare does: ``*`` is any text, ``:name`` one segment, ``! Name``
    takes away what blocks further up have set. Where Netlify may read it otherwise,
    the result is the stricter of the two.

    Args:
        text: The whole file.
        place: What it is called in reasons, notes and errors.

    Raises:
        ConfigurationError: Lines that no host reads as they are meant; each problem
            names its line and the remedy.
    """
    found, notes = blocks_of(text, place)
    blocks = sorted(found, key=lambda block: _place(block, found))
    default, rules = NO_STORE, []
    for block in blocks:
        policy, remark = _policy(_meeting(block, blocks))
        where = f"{place} line {block.line}"
        if remark:
            notes.append(f"{where}: {block.path} {remark}; it is never-store here")
        if block.path == "/*" and policy.never_store:
            default = policy
            continue
        rules += [
            Rule(pattern, policy, mode="override", reason=where)
            for pattern in _patterns(block, policy, blocks)
        ]
    if not any(block.path == "/*" for block in blocks):
        notes.append(f"{place}: what no block is for is never-store here")
    return Imported(RuleSet(rules, default=default), tuple(notes))


def _place(block: Said, blocks: Sequence[Said]) -> tuple[int, bool, bool]:
    """Return what decides the place of the rule for *block*: narrow goes first.

    Of two that cross, what says no-store goes first: the other keeps what it says.
    """
    covered = sum(_covering(block, other) for other in blocks)
    words = ",".join(block.given.get("cache-control", []))
    return covered, "no-store" not in words, "*" in block.path


def _covering(wide: Said, narrow: Said) -> bool:
    return all(
        any(PathForm(one).covers(PathForm(other)) for one in wide.patterns)
        for other in narrow.patterns
    )


def _apart(one: Said, other: Said) -> bool:
    return all(
        _are_apart(PathForm(mine), PathForm(theirs))
        for mine in one.patterns
        for theirs in other.patterns
    )


def _are_apart(one: PathForm, other: PathForm) -> bool:
    return one.is_apart_from(other) or _is_above(one, other) or _is_above(other, one)


def _is_above(one: PathForm, other: PathForm) -> bool:
    """Tell whether all paths of *one* are shorter than any of *other*."""
    needed = [segment for segment in other.segments if segment != REST]
    return not {REST, TAIL} & {*one.segments} and len(one.segments) < len(needed)


def _meeting(block: Said, blocks: Sequence[Said]) -> Iterator[tuple[Said, bool]]:
    """Yield what applies to paths of *block*, in the order of the file.

    Beside each, whether it does so to all of them. What goes before *block* and
    crosses it has taken the paths of both.
    """
    after = blocks[blocks.index(block) + 1 :]
    for other in sorted(blocks, key=lambda each: each.line):
        if _covering(other, block):
            yield other, True
        elif other in after and not _apart(block, other):
            yield other, False


def _policy(meeting: Iterable[tuple[Said, bool]]) -> tuple[Policy, str]:
    """Return what *meeting* comes to, and why that is never-store if it was not said.

    A block that is for some of the paths only can tighten, but takes nothing away.
    """
    said: dict[str, list[str]] = {}
    for other, wholly in meeting:
        for name in other.unset if wholly else ():
            said.pop(name, None)
        for name, values in other.given.items():
            said.setdefault(name, []).extend(values)
    control = CacheControl.parse([v.encode() for v in said.pop("cache-control", [])])
    if not control:
        return NO_STORE, "says nothing in Cache-Control that could be read"
    if any(len({*values}) > 1 for values in said.values()):
        return NO_STORE, "is said several things in one field"
    beside = tuple((name, values[0]) for name, values in said.items())
    if contradictions(control):
        control = control.canonical()
    try:
        made = Policy(control, beside=beside)
    except ConfigurationError as error:
        return NO_STORE, f"says what cannot be sent ({error.problems[0]})"
    return next((preset for preset in _PRESETS if preset == made), made), ""


def _patterns(block: Said, policy: Policy, blocks: Sequence[Said]) -> Iterator[str]:
    """Yield the patterns of the rules for *block*."""
    folder = block.path.removesuffix("/*")
    if block.path == "/*" or folder == block.path:
        yield from block.patterns
        return
    # "/a/*" is not for "/a", which "/a/**" is for; closing it, too, does no harm.
    twins = [each for each in blocks if each.path == folder]
    same = any(_policy(_meeting(t, blocks))[0] == policy for t in twins)
    if same or (policy.never_store and not twins):
        yield from (p.replace("/{rest:path}", "/**") for p in block.patterns)
    else:
        yield from block.patterns
