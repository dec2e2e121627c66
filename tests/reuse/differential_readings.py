"""The words of the table of differences: rows, tests of a case, readings of it.

A reading rewrites a case into one that a reader of the RFC would take as another
cache takes the original. Which cache reads how is not said here.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from email.utils import formatdate, parsedate_to_datetime, parsedate_tz
from typing import Any, Literal

from differential_cases import NOW, Case, at


@dataclass(frozen=True, slots=True)
class Row:
    """One way in which another cache differs.

    Attributes:
        name: A short name, unique for the oracle.
        right: Who follows the RFC.
        where: The section that says so.
        why: One sentence.
        applies: Which cases it is about; the flag says whether the cache is shared.
        reads: The case as the other cache takes it.
    """

    name: str
    right: Literal["ours", "theirs", "both"]
    where: str
    why: str
    applies: Callable[[Case, bool], bool]
    reads: Callable[[Case], Case]


Reading = Callable[[Case], Case]
Test = Callable[[Case, bool], bool]


# Readings that lead to one outcome, whatever else a case says.


def not_stored(case: Case) -> Case:
    return replace(case, first_asked="no-store")


def forwarded(case: Case) -> Case:
    return replace(case, first="GET", then="DELETE")


def validated(case: Case) -> Case:
    return replace(case, first="GET", then="GET", vary=None, asked="no-cache")


# Readings of Cache-Control, and tests of it.


def says(pattern: str) -> Test:
    """Return a test whether the response's Cache-Control has *pattern*."""
    return lambda case, _: bool(re.search(pattern, case.control or ""))


def rewritten(pattern: str, by: str) -> Reading:
    """Return the reading of Cache-Control with *by* in the place of *pattern*."""
    return lambda case: replace(case, control=re.sub(pattern, by, case.control or ""))


def members(case: Case) -> list[str]:
    """Return the members of Cache-Control, cut at each comma as most do."""
    return [m.strip() for m in re.split("[|,]", case.control or "")]


def last_of_several(case: Case) -> Case:
    """Read the last lifetime of each name, as a table of names does."""
    by_name = {member.partition("=")[0]: member for member in members(case)}
    return replace(case, control=", ".join(by_name.values()))


def repeats(case: Case, _: bool) -> bool:
    names = [member.partition("=")[0] for member in members(case)]
    return len(set(names)) < len(names)


#: A lifetime with anything but digits, in quotes or not, for its argument.
INVALID = r'(s-maxage|max-age)(?![-=])|(s-maxage|max-age)=(?!"?[0-9]+"?(,|$))[^,]*'


# Readings of dates.


def seconds(text: str | None) -> int | None:
    """Return how long after the receipt a well-formed date is."""
    try:
        return int(parsedate_to_datetime(text or "").timestamp()) - NOW
    except ValueError:
        return None


def shifted(case: Case) -> Case:
    """Move the dates so that Date is the time of receipt."""
    by = seconds(case.date) or 0
    moved: dict[str, Any] = {
        name: at(at_second - by)
        for name in ("expires", "modified")
        if (at_second := seconds(getattr(case, name))) is not None
    }
    return replace(case, date=at(0), **moved)


def is_heuristic(case: Case, shared: bool) -> bool:
    ages = "max-age=[0-9]" if not shared else "(max-age|s-maxage)=[0-9]"
    return case.expires is None and not re.search(ages, case.control or "")


def unanchored(case: Case) -> bool:
    """Tell whether Date is absent, or is none."""
    return seconds(case.date) is None


def heuristic_of_now(case: Case) -> Case:
    """Take the tenth of the time between Last-Modified and this moment."""
    modified = seconds(case.modified) or 0
    tenth = int(0.1 * (case.elapsed - modified))
    date = seconds(case.date) or 0
    return replace(case, modified=at(date - 10 * tenth))


def loose(text: str | None) -> str | None:
    """Return the HTTP-date that a reader of mail makes of *text*, zone left out."""
    parsed = parsedate_tz(text or "")
    return formatdate(calendar.timegm(parsed[:6]), usegmt=True) if parsed else text


#: Names in another letter case than the registered one.
LOUD = r"(?<![\w=])[a-z-]*[A-Z][\w-]*(=[^,|]*)?"


def lenient_number(text: str | None) -> str:
    """Read the digits at the start, as parseInt does; without any it is 0."""
    found = re.match(r'[ "]*\+?(-?[0-9]+)', text or "")
    return found[1] if found else "0"


def lenient_lifetimes(case: Case) -> Case:
    def read(found: re.Match[str]) -> str:
        if found[2] == "=":  # an empty text is no directive to it
            return "x"
        number = int(lenient_number(found[2] and found[2][1:]))
        return f"{found[1]}={max(0, number)}"

    pattern = r"(max-age|s-maxage|stale-while-revalidate) ?(=[^,|]*)?(?=[,|]|$)"
    return replace(case, control=re.sub(pattern, read, case.control or ""))


def lifted(name: str, zero: bool) -> Reading:
    """Let the directive *name* forbid nothing, and what is fresh be for it."""

    def read(case: Case) -> Case:
        kept = [m for m in members(case) if m.partition("=")[0] != name]
        if name == "s-maxage":
            own = [m for m in members(case) if m.startswith("s-maxage=")]
            kept = ["max-age" + m.removeprefix("s-maxage") for m in own] + kept
        elif zero:
            kept = ["max-age=0", *(m for m in kept if not m.startswith("s-maxage"))]
        if name in ("must-revalidate", "s-maxage"):  # which allow sharing, too
            kept.append("public")
        return replace(case, control=", ".join(kept))

    return read


def over(name: str, only_shared: bool = False) -> Test:
    """Return a test for what allows stale responses beside what forbids them."""

    def applies(case: Case, shared: bool) -> bool:
        window = re.search("max-stale|stale-", f"{case.asked}, {case.control}")
        here = re.search(rf"(?<!\w){name}(?!\w)", case.control or "")
        return bool(window and here) and (shared or not only_shared)

    return applies


def foreign_date(case: Case) -> Case:
    """Read a date in any zone and form."""
    second = seconds(case.expires)
    return case if second is None else replace(case, expires=at(second))


def asked_leniently(case: Case) -> Case:
    """Take the last of several, and a lifetime that is none for 0."""
    if case.asked is None:
        return case
    by_name = {m.partition("=")[0]: m for m in re.split("[|,] ?", case.asked)}
    asked = re.sub("max-age(=a)?(?!=)", "max-age=0", ", ".join(by_name.values()))
    return replace(case, asked=asked.replace("no-cache=x", "no-cache"))
