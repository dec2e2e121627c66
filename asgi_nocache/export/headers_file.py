"""What the hosts that read a ``_headers`` file have in common.

They serve files and nothing else: what follows from that, and how a block of the
file is written. Which patterns a host knows is in its own module.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from .losses import Losses
from .plan import Answer, Case, Condition, Entry, Fact, Plan, Say
from .words import commented, field_name


class Block(NamedTuple):
    """A pattern and what is done to the fields of all that match it.

    Attributes:
        pattern: As the host reads it.
        answer: What is said there.
        comment: What it is for; ``""``: it goes with the block before.
    """

    pattern: str
    answer: Answer
    comment: str = ""


def for_files(plan: Plan, losses: Losses) -> Plan:
    """Return *plan* without what never happens where only files are served.

    Such a host answers GET and HEAD; no app sets a cookie or says anything of
    caching, and what a file holds depends on no cookie and no login. That a file is
    missing, or that a page stands in for it, does happen: those guards stay.

    Args:
        plan: The plan.
        losses: Takes what only an app could say.
    """
    entries = []
    for entry in plan.entries:
        if entry.methods and not {"GET", "HEAD"} & {*entry.methods}:
            continue
        methods = () if "GET" in entry.methods else entry.methods
        shown = replace(entry, methods=methods, cases=tuple(_possible(entry.cases)))
        if any(case.answer.say is Say.KEEP for case in shown.cases):
            losses.add(
                f"rule {entry.number}, {entry.rule}",
                "no app is there whose words could stand",
                "say what is meant, such as PUBLIC(max_age=3600)",
            )
            shown = replace(shown, cases=(Case(plan.default),))
        path = replace(entry.path, shadowed=shown.strict)
        entries.append(replace(shown, path=path))
    return replace(plan, entries=tuple(entries))


def _possible(cases: Iterable[Case]) -> Iterator[Case]:
    """Yield the *cases* that can happen, and what is left to ask for each."""
    for case in cases:  # pragma: no branch - the last one holds always
        asked = [(each, _always_so(each)) for each in case.when]
        if any(known is False for _, known in asked):
            continue
        left = tuple(each for each, known in asked if known is None)
        yield Case(case.answer, left)
        if not left:
            break


def _always_so(asked: Condition) -> bool | None:
    """Tell what is known of *asked* beforehand; ``None``: nothing."""
    match asked.fact:
        case Fact.METHOD:
            holds = "GET" in asked.values
        case Fact.REQUEST_FIELD | Fact.RESPONSE_FIELD:
            holds = False
        case Fact.WORD:
            holds = re.fullmatch(asked.values[0], "") is not None
        case _:
            return None
    return holds is not asked.negated


def without(plan: Plan, entry: Entry) -> Plan:
    """Return *plan* without *entry*, and without what may relax its paths then."""
    place = plan.entries.index(entry)
    after = [
        each
        for each in plan.entries[place + 1 :]
        if each.strict or not each.path.may_meet(entry.path)
    ]
    return replace(plan, entries=(*plan.entries[:place], *after))


def comment_of(entry: Entry) -> str:
    """Return what *entry* is for."""
    why = f": {entry.reason}" if entry.reason else ""
    return f"Rule {entry.number}, {entry.rule}{why}"


def written(blocks: Sequence[Block], *, detaches: bool) -> str:
    """Return *blocks* as the text of a file.

    Args:
        blocks: From the one that is for most to the one that decides.
        detaches: Whether the host knows ``! Name``, which takes away what blocks
            further up have set. Without it, values of one name are joined.
    """
    out = ""
    said: dict[str, None] = {"cache-control": None}
    for block in blocks:
        if block.comment:
            out += "\n" + "".join(f"{line}\n" for line in commented(block.comment))
        out += f"{block.pattern}\n"
        if detaches:
            validators = [n for n in ("etag", "last-modified") if _goes(n, block)]
            out += "".join(f"  ! {field_name(n)}\n" for n in (*said, *validators))
        for name, value in block.answer.set:
            out += f"  {field_name(name)}: {value}\n"
            said[name] = None
    return out


def _goes(name: str, block: Block) -> bool:
    return name in block.answer.remove
