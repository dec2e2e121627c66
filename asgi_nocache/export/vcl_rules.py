"""What is said at Varnish and Fastly, and kept: rules that say the same, as one.

Statements only, made of what vcl.py has; which subroutine each is in, and what else
stands there, is the targets'.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count, groupby

from .._core.cache_control import CacheControl
from .plan import Answer, Case, Entry, Fact, Plan, Say
from .vcl import (
    NEVER,
    RULE,
    SAY,
    all_of,
    any_of,
    braced,
    condition,
    one_of,
    regex,
    saying,
    string,
    when,
)
from .words import field_name

#: What an app must say, and must not, for a shared cache to keep its answer.
LIFETIME = "(?i)(?:^|[, ])(?:s-maxage|max-age)=[0-9]"
CLOSED = "(?i)no-store|no-cache|private|must-understand"
STALE = "(?i)stale-while-revalidate=[0-9]"
NO_STALE = "(?i)(?:must|proxy)-revalidate|s-maxage"
QUIET = 'req.method ~ "^(?:GET|HEAD)$"'
#: How the words begin with which an app keeps shared caches out.
_CLOSED_WORDS = ("private", "no-store", "(?:no-store|private)")


@dataclass(frozen=True)
class Group:
    """Entries that say the same, under one number.

    Attributes:
        name: The number of the first, as it stands in ``X-Nocache-Rule``.
        entries: All of them.
    """

    name: str
    entries: tuple[Entry, ...]

    @property
    def cases(self) -> tuple[Case, ...]:
        """What they say."""
        return self.entries[0].cases

    @property
    def strict(self) -> bool:
        """Whether all that they say is never-store."""
        return self.entries[0].strict

    @property
    def shared(self) -> bool:
        """Whether this cache may ever answer for them."""
        return not _one_sided(self.entries[0]) and any(map(_may_store, self.cases))

    @property
    def credentials(self) -> tuple[str, ...]:
        """The request fields that change what is said."""
        asked = [each for case in self.cases for each in case.when]
        fields = [e.values for e in asked if e.fact is Fact.REQUEST_FIELD]
        return tuple(sorted({name for values in fields for name in values}))

    @property
    def title(self) -> str:
        """What it is, for a comment."""
        numbers = sorted({entry.number for entry in self.entries})
        said = f"Rule {self.entries[0].number}: {self.entries[0].rule}"
        if len(numbers) == 1:
            return said
        return f"{said}. The same for rules {', '.join(map(str, numbers))}"


def groups_of(plan: Plan) -> list[Group]:
    """Return the entries of *plan* by what they say; what says the default is out."""
    found: dict[tuple[object, ...], list[Entry]] = {}
    for entry in plan.entries:
        if any(case.answer != plan.default for case in entry.cases):
            found.setdefault((entry.cases, _one_sided(entry)), []).append(entry)
    groups: dict[str, Group] = {}
    for entries in found.values():
        number = entries[0].number
        tries = (f"{number}-{n}" if n else f"{number}" for n in count())
        name = next(each for each in tries if each not in groups)
        groups[name] = Group(name, tuple(entries))
    return list(groups.values())


def _one_sided(entry: Entry) -> bool:
    # A HEAD that misses is fetched as a GET: both must be of the same rule.
    return bool(entry.methods) and not {"GET", "HEAD"} <= {*entry.methods}


def _may_store(case: Case) -> bool:
    if case.answer.say is not Say.KEEP:
        return lifetime(case.answer) is not None
    words = [each.values[0] for each in case.when if each.fact is Fact.WORD]
    return not any(word.startswith(_CLOSED_WORDS) for word in words)


def lifetime(answer: Answer) -> tuple[int, int] | None:
    """Return how long a shared cache may reuse what says *answer*, in its own words.

    Returns:
        Seconds fresh, and seconds stale while it asks again. ``None``: not at all,
        or as the app's words say.
    """
    if answer.say is not Say.OWN:
        return None
    said = CacheControl.parse(answer.cache_control)
    fresh = said.max_age if said.s_maxage is None else said.s_maxage
    if said.no_store or said.no_cache or said.private or not fresh:
        return None
    # RFC 9111 section 5.2.2.10: s-maxage forbids stale answers, too.
    strict = said.must_revalidate or said.proxy_revalidate or said.s_maxage is not None
    return fresh, 0 if strict else said.stale_while_revalidate or 0


def labels_of(plan: Plan, groups: Iterable[Group]) -> dict[Answer, str]:
    """Return a name for each answer, as it stands in ``X-Nocache-Say``."""
    labels = {plan.default: NEVER}
    for answer in (case.answer for group in groups for case in group.cases):
        if answer not in labels:
            kept = "the app's Cache-Control" if answer.remove else "the app's fields"
            base = answer.cache_control.replace('"', "'") or kept
            tries = (f"{base} #{n}" if n > 1 else base for n in count(1))
            taken = set(labels.values())
            labels[answer] = next(each for each in tries if each not in taken)
    return labels


def stripping(groups: Sequence[Group]) -> Iterator[str]:
    """Yield what a request whose rule is never-store must not ask."""
    relaxed = [group.name for group in groups if not group.strict]
    yield "# Never-store: no copy is confirmed, whoever has it."
    rule = [f"req.http.{RULE} !~ {one_of(relaxed)}"] if relaxed else []
    yield from when([QUIET, *rule], "&&")
    yield "  unset req.http.If-None-Match;"
    yield "  unset req.http.If-Modified-Since;"
    yield "  if (req.http.If-Range) {"
    yield "    unset req.http.If-Range;"
    yield "    unset req.http.Range;"
    yield "  }"
    yield "}"


def passing(groups: Sequence[Group], pass_by: str) -> Iterator[str]:
    """Yield which requests the cache has nothing for.

    Args:
        groups: The rules.
        pass_by: The statement for those.
    """
    shared = [group for group in groups if group.shared]
    if not shared:
        yield "# Nothing is for this cache."
        yield pass_by
        return
    yield "# These rules leave something for this cache; all else passes it by."
    names = one_of(group.name for group in shared)
    yield from when([f"req.http.{RULE} !~ {names}", f"!({QUIET})"], "||")
    yield f"  {pass_by}"
    yield "}"
    for name in sorted({name for group in shared for name in group.credentials}):
        moved = one_of(group.name for group in shared if name in group.credentials)
        yield f"# {field_name(name)} changes what these say."
        asked = [f"req.http.{field_name(name)}", f"req.http.{RULE} ~ {moved}"]
        yield from when(asked, "&&")
        yield f"  {pass_by}"
        yield "}"


def routine(prefix: str, group: Group) -> str:
    """Return what the subroutine of *group* is called."""
    return f"{prefix}_{group.name.replace('-', '_')}"


def answering(groups: Iterable[Group], prefix: str) -> Iterator[str]:
    """Yield the calls of the subroutine of the rule that is in ``beresp``."""
    keyword = "if"
    for group in groups:
        yield f'{keyword} (beresp.http.{RULE} == "{group.name}") {{'
        yield f"  call {routine(prefix, group)};"
        yield "}"
        keyword = "elsif"


def chain(group: Group, labels: dict[Answer, str], request: str) -> Iterator[str]:
    """Yield the statements that choose the answer of *group*.

    Args:
        group: The group.
        labels: What answers are called.
        request: What the request is called where the response is ``beresp``.
    """
    keyword = "if"
    for answer, cases in groupby(group.cases, lambda case: case.answer):
        whens = [
            all_of(condition(each, request) for each in case.when) for case in cases
        ]
        say = f"set beresp.http.{SAY} = {string(labels[answer])};"
        if "" not in whens:
            yield from when(braced(whens, " && "), "||", keyword)
        elif keyword == "if":
            yield say
            return
        else:
            yield "else {"
        yield f"  {say}"
        yield "}"
        keyword = "elsif"


def storing(
    labels: dict[Answer, str], refuse: str, keep: Callable[[int, int], str], none: str
) -> Iterator[str]:
    """Yield what the cache may keep, by what is going to be said.

    Args:
        labels: What answers are called.
        refuse: The statement that keeps nothing.
        keep: Makes the statements for seconds fresh and seconds stale.
        none: The statement that keeps nothing stale.
    """
    yield 'if (beresp.http.Set-Cookie || beresp.http.Vary ~ "[*]") {'
    yield f"  {refuse}"
    yield "}"
    kept: list[str] = []
    for answer, label in labels.items():
        is_said = f"beresp.http.{SAY} == {string(label)}"
        known = lifetime(answer)
        if known is not None:
            yield f"elsif ({is_said}) {{"
            yield f"  {keep(*known)}"
            yield "}"
        elif answer.say is Say.KEEP:
            kept.append(is_said)
    if kept:
        said = "beresp.http.Cache-Control"
        words = [f"{said} ~ {regex(LIFETIME)}", f"{said} !~ {regex(CLOSED)}"]
        yield from when(braced([any_of(kept), *words], " || "), "&&", "elsif")
        yield "  # Stale only where the app says so, too."
        stale = [f"{said} !~ {regex(STALE)}", f"{said} ~ {regex(NO_STALE)}"]
        yield from (f"  {line}" for line in when(stale, "||"))
        yield f"    {none}"
        yield "  }"
        yield "}"
    yield "else {"
    yield f"  {refuse}"
    yield "}"


def delivering(labels: dict[Answer, str]) -> Iterator[str]:
    """Yield what says, in ``resp``, what was chosen."""
    keyword = "if"
    for answer, label in labels.items():
        if label != NEVER:
            yield f"{keyword} (resp.http.{SAY} == {string(label)}) {{"
            yield from (f"  {line}" for line in saying(answer))
            yield "}"
            keyword = "elsif"
    if keyword == "if":
        yield "call nocache_never;"
        return
    yield "else {"
    yield "  call nocache_never;"
    yield "}"
