"""Netlify's ``_headers``: one answer for all the files of a site, or none.

Which value leaves where two patterns match is documented nowhere, and none can be
taken away: Netlify's own parser and development server let the later one win, other
readers of the same file join them. The default is for everything, so whatever
differs from it would overlap. That is refused here, not guessed.
"""

from __future__ import annotations

from dataclasses import replace

from .headers_file import Block, comment_of, for_files, without, written
from .losses import Losses
from .plan import Answer, Entry, Plan, Say
from .target import Can, Export, File, Heading, Target

#: What Netlify's own cache goes by; it takes it out of the answer (RFC 9213).
_OWN = "netlify-cdn-cache-control"

_INCLUDE = """\
Put it as "_headers" into the folder that is published. Let no other block, and no
[[headers]] in netlify.toml, say Cache-Control: what then leaves is not documented."""

_GAPS = (
    "Not verified on a real edge: Netlify's parser reads it, what its servers make of "
    "it is documented only.",
    "What a function, an edge function or a proxied site answers leaves without the "
    "policy.",
    "A missing file's 404 gets what all files get, as far as is documented.",
    "ETag stays, since Netlify cannot remove a field; it is the file's own.",
    "A password in front of the files is not seen: allow no shared caching of what "
    "stands behind one.",
)


def _narrow(plan: Plan, losses: Losses) -> Plan:
    plan = for_files(plan, losses)
    while (entry := _apart(plan)) is not None:
        losses.add(
            f"rule {entry.number}, {entry.rule}",
            "Netlify does not say which value leaves where two patterns match, and "
            "the default's '/*' matches all",
            "give the whole site one policy, as in Rule('/**', ...)",
        )
        plan = without(plan, entry)
    return plan


def _apart(plan: Plan) -> Entry | None:
    """Return the first entry, if it is for a part of the site only."""
    first = next(iter(plan.entries), None)
    return None if first is None or first.path.everything else first


def _write(plan: Plan, heading: Heading) -> Export:
    block = Block("/*", plan.default, "Every file")
    for entry in plan.entries[:1]:
        block = Block("/*", entry.cases[-1].answer, comment_of(entry))
    block = block._replace(answer=_told(block.answer))
    text = heading.commented() + written([block], detaches=False)
    return Export((File("_headers", text),), _INCLUDE, _GAPS)


def _told(answer: Answer) -> Answer:
    """Return *answer* with what Netlify's own cache goes by."""
    if answer.say is not Say.NEVER or _OWN in dict(answer.set):
        return answer
    return replace(answer, set=(*answer.set, (_OWN, "no-store")))


TARGET = Target(
    name="netlify",
    title="Netlify's _headers file",
    write=_write,
    can=frozenset({Can.SHADOWS}),
    narrow=_narrow,
)
