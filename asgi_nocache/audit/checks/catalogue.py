"""The catalogue: one row for each code, and its page.

A code means the same for ever and is never given away again. What looks for a code
is in the modules beside this one; the texts are in ``texts_*``.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from enum import Enum

from ..._core.errors import NoCacheError
from ..values import Confidence, Severity

#: What a family is about, by the first three characters of its codes.
FAMILIES = {
    "NC0": "the audit itself",
    "NC1": "coverage",
    "NC2": "private data",
    "NC3": "wiring",
    "NC4": "rules",
    "NC5": "fields",
    "NC6": "paths",
    "NC7": "validators",
    "NC8": "the edge's configuration",
    "NC9": "what was seen to leave",
}


class Detection(Enum):
    """How a check learns what it needs."""

    STATIC = "S"
    PROBE = "P"
    TESTS = "T"
    LIVE = "L"
    EDGE = "E"


KINDS = {
    Detection.STATIC: "from the routes and the policy",
    Detection.PROBE: "from what the app answers in process (--drive)",
    Detection.TESTS: "from what the tests exercise",
    Detection.LIVE: "from a running server",
    Detection.EDGE: "from the configuration of a cache in front",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One row of the catalogue.

    Attributes:
        code: ``"NC201"``.
        severity: How bad at worst; a finding may be milder.
        confidence: How sure at best; a finding may be less.
        kinds: How it is found: letters of :class:`Detection`.
        title: What is wrong, in a few words.
        why: Why it matters.
        fix: What to do; ``{rule}`` stands for the route's path as rules write it,
            ``{endpoint}`` for the endpoint and where it is, ``{app}`` for the app.
        reference: RFC, ASVS or CWE.
        fires: An example of what it finds.
        silent: The same without the problem.
        elsewhere: Who finds it, if no check over the routes does.
        pedantic: Whether only who asks for taste hears of it.
    """

    code: str
    severity: Severity
    confidence: Confidence
    kinds: str
    title: str
    why: str
    fix: str
    reference: str
    fires: str
    silent: str
    elsewhere: str = ""
    pedantic: bool = False

    def is_found_by(self, kind: Detection) -> bool:
        """Tell whether it is found in this way."""
        return kind.value in self.kinds


#: What stands in a fix where no route is at hand.
SAMPLE = {
    "rule": "'/items/{id}'",
    "endpoint": "the endpoint",
    "app": "app",
    "method": "POST",
    "field": "Accept-Language",
}


def page(check: Check) -> str:
    """Return what ``asgi-nocache rules NC201`` prints."""
    ways = [words for kind, words in KINDS.items() if check.is_found_by(kind)]
    family = FAMILIES[check.code[:3]]
    head = (
        f"{check.code} {check.title}",
        f"{check.severity.value}, {check.confidence.value}; {family}"
        f"{'; pedantic' if check.pedantic else ''}",
    )
    parts = (
        ("Why", check.why),
        ("Fix", check.fix.format(**SAMPLE)),
        ("Fires", check.fires),
        ("Silent", check.silent),
        ("Found", "\n".join(ways)),
        ("Found by", check.elsewhere),
        ("See", check.reference),
    )
    body = (f"{name}:\n{_indented(text)}" for name, text in parts if text)
    return "\n".join((*head, "", *body)) + "\n"


def _indented(text: str) -> str:
    wrapped = (
        textwrap.wrap(line, 76, break_long_words=False, break_on_hyphens=False)
        for line in text.splitlines()
    )
    return "\n".join(f"    {line}" for lines in wrapped for line in lines)


class UnknownCodeError(NoCacheError):
    """A code that the catalogue does not have."""
