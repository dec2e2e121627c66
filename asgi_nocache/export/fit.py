"""Fitting a plan to what one edge can match: refused, or widened to never-store.

What no edge can say is compile.py's. Nothing is dropped here without a word.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import replace

from .losses import Losses
from .plan import Case, Entry, Fact, Plan
from .target import Can, Target

_NEEDS = {
    Fact.METHOD: {Can.METHODS},
    Fact.REQUEST_FIELD: {Can.REQUEST_FIELDS},
    Fact.STATUS: {Can.STATUS},
    Fact.RESPONSE_FIELD: {Can.RESPONSE_FIELDS},
    Fact.MEDIA_TYPE: {Can.MEDIA_TYPES},
    Fact.MISMATCH: {Can.MEDIA_TYPES, Can.PATTERNS},
    Fact.WORD: {Can.RESPONSE_FIELDS},
}
#: What to write where an edge lacks an ability.
_REMEDIES = {
    Can.METHODS: "drop methods= and the guard unsafe_method from the rule",
    Can.HOSTS: "export one policy for each host",
    Can.PATTERNS: "write one path, or a folder such as '/static/**'",
    Can.SHADOWS: "put what may be cached into folders of its own",
    Can.REQUEST_FIELDS: "drop the guards cookie and authorization from the rule",
    Can.STATUS: "drop status= and the guard error_status from the rule",
    Can.RESPONSE_FIELDS: "give the rule mode='override' and drop the guard set_cookie",
    Can.MEDIA_TYPES: "drop media_types= and the guard extension_mismatch from the rule",
}


def needs(entry: Entry) -> frozenset[Can]:
    """Return what an edge must be able to match for *entry*."""
    found: set[Can] = set()
    if entry.methods:
        found.add(Can.METHODS)
    if entry.hosts:
        found.add(Can.HOSTS)
    if not (entry.path.literal or entry.path.prefix or entry.path.everything):
        found.add(Can.PATTERNS)
    if entry.path.shadowed and not entry.path.everything:
        found.add(Can.SHADOWS)
    for case in entry.cases:
        for condition in case.when:
            found |= _NEEDS[condition.fact]
    return frozenset(found)


def fit(
    plan: Plan,
    target: Target,
    *,
    widen: bool = False,
    allowed: Container[str] = frozenset(),
) -> Plan:
    """Return *plan* with nothing in it that *target* cannot match.

    Args:
        plan: The plan.
        target: The edge.
        widen: Whether what it cannot match may be never-store; the notes say where.
        allowed: The rules, as ``losses.named`` calls them, that may be left out.

    Raises:
        NotExpressibleError: Something does not fit; all of it is named.
    """
    losses = Losses(widen, allowed)
    if target.narrow is not None:
        plan = target.narrow(plan, losses)
    entries = list(plan.entries)
    for entry in plan.entries:
        missing = needs(entry) - target.can
        if missing:
            _refuse(entry, missing, target, losses)
        elif not (target.spellings or entry.strict or entry.path.literal):
            losses.add(
                f"rule {entry.number}, {entry.rule}",
                f"{target.title} cannot ask how a path in a folder is spelled, and "
                "what it takes for one of these may be another to the app",
                "write the paths one by one",
            )
        else:
            continue
        entries = list(_without(entries, entry, plan, target))
    if target.most is not None and len(entries) > target.most:
        losses.refused.append(
            f"{len(entries)} entries are too many: {target.limit} is {target.most}; "
            "join rules, or export to an edge without that limit"
        )
    losses.check(f"export {target.name}")
    return replace(
        plan,
        entries=tuple(entries),
        notes=(*losses.widened, *plan.notes),
        gaps=tuple(dict.fromkeys((*plan.gaps, *losses.gaps))),
    )


def _refuse(
    entry: Entry, missing: frozenset[Can], target: Target, losses: Losses
) -> None:
    abilities = sorted(missing, key=list(Can).index)
    said = " or ".join(each.value for each in abilities)
    remedy = "; ".join(_REMEDIES[each] for each in abilities)
    name = f"rule {entry.number}, {entry.rule}"
    losses.add(name, f"{target.title} cannot {said}", remedy)


def _without(
    entries: list[Entry], entry: Entry, plan: Plan, target: Target
) -> Iterator[Entry]:
    """Yield *entries* with *entry* as never-store, as widely as must be."""
    shut = replace(
        entry,
        cases=(Case(plan.default),),
        path=replace(entry.path, shadowed=True),
        methods=(),
        hosts=(),
    )
    fits = not needs(shut) - target.can
    past = False
    for each in entries:
        if each is entry:
            past = True
            if fits:
                yield shut
            continue
        # Where it cannot be said at all, what comes after must not be reached by it.
        if past and not fits and not each.strict and each.path.may_meet(entry.path):
            continue
        yield each
