"""What is said about a response, as nginx maps: facts, cases, answers, fields.

A fact is a mark such as ``<error>`` or nothing. The cases of a rule are one map over
all marks and the app's Cache-Control. Which rule it is, is nginx_paths.py's.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from .cases import (
    AUTHORIZED,
    CACHING,
    ERRORS,
    EXPIRES,
    HAS_COOKIE,
    MISMATCHES,
    QUIET,
    SAYS_MORE,
    SETS_COOKIE,
    VALIDATORS,
    Mismatch,
)
from .nginx_words import Line, header_variable, mapped, quoted, value
from .plan import Answer, Case, Condition, Fact, Plan, Say

_WORDS = "$upstream_http_cache_control"
#: The names of what is asked most.
_NAMES = {
    ERRORS: "error",
    SETS_COOKIE: "sets_cookie",
    AUTHORIZED: "authorization",
    SAYS_MORE: "says_more",
    EXPIRES: "expires",
    HAS_COOKIE: "cookie",
    Condition(QUIET.fact, QUIET.values, negated=True): "unsafe",
    Condition(Fact.MISMATCH, ()): "mismatch",
    Condition(Fact.STATUS, ("200-200", "203-203", "206-206")): "content",
}
#: Facts of the request, which are fixed before anything rewrites it.
_OF_REQUEST = (Fact.METHOD, Fact.REQUEST_FIELD)
#: An error that the app made itself: it sent its head, or a cache of nginx's kept it.
_FROM_APP = (
    (r"~^[1-3]", '""'),
    (r"~^([4-9]..) (?:.*\D)?\1 .*[0-9] ", '""'),
    (r"~ (?:HIT|STALE|UPDATING|REVALIDATED)$", '""'),
)


class Answers:
    """All that one plan says.

    Args:
        plan: The plan.
        profiles: Its different lists of cases, by name.
    """

    def __init__(self, plan: Plan, profiles: dict[str, tuple[Case, ...]]) -> None:
        self._plan, self._profiles = plan, profiles
        self._named: dict[Answer, str] = {plan.default: "never"}
        for cases in profiles.values():
            for case in cases:
                self._name(case.answer)
        asked = [c for cases in profiles.values() for case in cases for c in case.when]
        self._facts: dict[Condition, str] = {}
        for number, fact in enumerate(dict.fromkeys(asked), 1):
            if fact.fact is not Fact.WORD:
                kind = f"{fact.fact.name.lower()}_{number}"
                if fact.fact is Fact.STATUS and len(fact.values) == 1:
                    kind = f"status_{_span(fact.values[0])}"
                self._facts[fact] = _NAMES.get(fact, kind)

    def _name(self, answer: Answer) -> None:
        if answer in self._named:
            return
        names = {*self._named.values()}
        text = answer.cache_control
        if answer.say is Say.KEEP:
            name = "app" if answer.remove else "app, all"
        else:
            name = text if len(answer.set) == 1 and answer.say is Say.OWN else "set"
        if name in names or len(name) > _LONGEST or "$" in name:
            name = (
                f"set {len(names)}"
                if answer.say is not Say.KEEP
                else f"app {len(names)}"
            )
        self._named[answer] = name

    @property
    def mismatches(self) -> bool:
        """Whether a static-looking path is asked for."""
        return any(each.fact is Fact.MISMATCH for each in self._facts)

    @property
    def fixed(self) -> tuple[str, ...]:
        """The variables to be made before anything rewrites the request."""
        facts = [
            f"$nocache_is_{name}"
            for each, name in self._facts.items()
            if each.fact in _OF_REQUEST
        ]
        return (*facts, *(["$nocache_kind"] * self.mismatches))

    def facts(self) -> str:
        """Return a map for each thing that is asked."""
        out = "".join(self._mismatch()) if self.mismatches else ""
        types = any(each.fact is Fact.MEDIA_TYPE for each in self._facts)
        if types or self.mismatches:
            line = Line(r"~^\s*(?<nocache_type>[^;]*?)\s*(?:;|$)", "$nocache_type")
            source = "$sent_http_content_type"
            out = mapped(source, "$nocache_media_type", '""', [line], fresh=True) + out
        for each, name in self._facts.items():
            out += "" if each.fact is Fact.MISMATCH else _fact(each, name)
        if any(map(_may_open_errors, self._profiles.values())):
            source = "$status $upstream_status $upstream_header_time "
            source += "$upstream_cache_status"
            lines = [Line(*each) for each in _FROM_APP]
            out += mapped(source, "$nocache_is_own", "<own>", lines, fresh=True)
        return out

    def _mismatch(self) -> Iterator[str]:
        kinds = [(_kind(group), group) for group in MISMATCHES]
        extension = Line(r"~\.(?<nocache_end>[^./]*)$", "$nocache_end")
        yield mapped("$uri", "$nocache_extension", '""', [extension])
        ends = [Line(e, kind) for kind, group in kinds for e in group.extensions]
        yield mapped("$nocache_extension", "$nocache_kind", '""', ends, dense=True)
        checks = [Line("~^:", '""')]
        for kind, group in kinds:
            checks.append(Line(f"~*^{kind}:{_any(group.expected)}$", '""'))
        yield mapped(
            "$nocache_kind:$nocache_media_type",
            "$nocache_is_mismatch",
            '""',
            [*checks, Line(f"~*:{_any(MISMATCHES[0].dynamic)}$", '"<mismatch>"')],
            fresh=True,
        )

    def cases(self) -> str:
        """Return a map for each list of cases, and the one that chooses among them."""
        out = "".join(self._profile(n, c) for n, c in self._profiles.items())
        lines = [Line(n, f"$nocache_case_{n}") for n in self._profiles]
        out += mapped("$nocache_rule", "$nocache_case", "never", lines, fresh=True)
        # Looked up once for all fields: each later use is of the same response.
        return out + mapped("$nocache_case", "$nocache_answer", "$nocache_case", [])

    def _profile(self, name: str, cases: Sequence[Case]) -> str:
        facts = dict.fromkeys(f for c in cases for f in c.when if f in self._facts)
        marks = "".join(f"$nocache_is_{self._facts[f]}" for f in facts)
        rows = [(self._regex(c, [*facts]), self._named[c.answer]) for c in cases]
        if _may_open_errors(cases):
            marks = f"$nocache_is_own{marks}"
            rows.insert(0, ("<own>", self._named[self._plan.default]))
        default = rows.pop()[1]
        while rows and rows[-1][1] == default:
            rows.pop()
        lines = [Line(f"~^[^:]*{key}", quoted(v)) for key, v in _joined(rows)]
        source = f"{marks}: {_WORDS}"
        variable = f"$nocache_case_{name}"
        return mapped(source, variable, quoted(default), lines, fresh=True)

    def _regex(self, case: Case, order: list[Condition]) -> str:
        """Return what *case* asks of the marks, in their order, and of the words."""
        marks = sorted((c for c in case.when if c in self._facts), key=order.index)
        asked = [f"<{self._facts[c]}>" for c in marks]
        for each in case.when:
            if each.fact is Fact.WORD:
                text = each.values[0]
                asked.append(f": (?:{text})$" if "|" in text else f": {text}$")
        return "[^:]*".join(asked)

    def guards(self) -> str:
        """Return the map that tells what must not come from nginx's own cache."""
        lines = []
        for name, cases in self._profiles.items():
            asked = dict.fromkeys(
                f"$nocache_is_{self._facts[c]}"
                for case in cases
                for c in case.when
                if c.fact in _OF_REQUEST
            )
            if any(case.answer.stores for case in cases):
                lines.append(Line(name, quoted("".join(asked)) if asked else '""'))
        return mapped("$nocache_rule", "$nocache_bypass", "1", lines)

    def fields(self) -> Iterator[tuple[str, str]]:
        """Yield the fields that may leave, each with the map of what it says."""
        named = list(self._named)
        names = dict.fromkeys([*CACHING, *(n for a in named for n, _ in a.set)])
        for name in (*names, *VALIDATORS):
            said = {a: _said(a, name) for a in named}
            # X-Accel-Expires is for nginx, which takes it away.
            if name == "x-accel-expires":
                said = {a: "" if a.say is Say.KEEP else s for a, s in said.items()}
            if not any(said.values()):
                continue
            default = Counter(said.values()).most_common(1)[0][0]
            if name == "cache-control":
                # Most answers are called by what they say.
                default = "$nocache_answer"
            lines = [
                Line(called, said[answer] or '""')
                for answer, called in self._named.items()
                if said[answer] != default and not _is_called(called, said[answer])
            ]
            variable = header_variable("nocache", name)
            text = _validator(name) if name in VALIDATORS else ""
            text += mapped("$nocache_answer", variable, default or '""', lines)
            yield name, text

    def stored(self) -> str:
        """Return the map that tells what nginx's own cache must not keep."""
        keeps = [n for a, n in self._named.items() if a.say is Say.KEEP]
        said = f"$nocache_case: {_WORDS}"
        key = rf"~*^(?:{'|'.join(keeps)}): (?!.*(?:no-store|private|no-cache))"
        lines = [Line(key, '""')] if keeps else []
        return mapped(said, "$nocache_no_store", "1", lines, fresh=True)


#: Characters of an answer's name, which is a key of a map.
_LONGEST = 46


def _is_called(name: str, said: str) -> bool:
    return quoted(name) == said


def _kind(group: Mismatch) -> str:
    """Return a word for what *group* should answer with."""
    found = re.search("[a-z0-9]+", group.expected[0])
    return found[0] if found else group.extensions[0]


def _validator(name: str) -> str:
    sent, upstream = (header_variable(f"{w}_http", name) for w in ("sent", "upstream"))
    variable = header_variable("nocache_app", name)
    # nginx's own, for a file; the app's is hidden.
    return mapped(sent, variable, sent, [Line("", upstream)])


def _said(answer: Answer, name: str) -> str:
    """Return what the field *name* says under *answer*, as a value of a map."""
    own = dict(answer.set).get(name)
    if own is not None:
        return value(own)
    if name in answer.remove:
        return ""
    if name in VALIDATORS:
        return header_variable("nocache_app", name)
    return header_variable("upstream_http", name) if answer.say is Say.KEEP else ""


def _fact(fact: Condition, name: str) -> str:
    """Return the map that makes the mark of *fact*."""
    mark, variable = f'"<{name}>"', f"$nocache_is_{name}"
    yes, no = ('""', mark) if fact.negated else (mark, '""')
    match fact.fact:
        case Fact.METHOD:
            lines = [Line(each, yes) for each in fact.values]
            return mapped("$request_method", variable, no, lines)
        case Fact.REQUEST_FIELD | Fact.RESPONSE_FIELD:
            asked = fact.fact is Fact.REQUEST_FIELD
            where = "http" if asked else "upstream_http"
            source = "".join(header_variable(where, each) for each in fact.values)
            return mapped(source, variable, yes, [Line("", no)], fresh=not asked)
        case Fact.STATUS:
            lines = [Line(f"~^{_status(each)}$", yes) for each in fact.values]
            return mapped("$status", variable, no, lines, fresh=True)
        case _:
            lines = [Line(f"~*^{_any(fact.values)}$", yes)]
            return mapped("$nocache_media_type", variable, no, lines, fresh=True)


def _span(values: str) -> str:
    low, _, high = values.partition("-")
    return low if low == high else f"{low}_{high}"


def _any(regexes: Sequence[str]) -> str:
    return regexes[0] if len(regexes) == 1 else f"(?:{'|'.join(regexes)})"


def _status(span: str) -> str:
    """Return a regular expression for the statuses of *span*."""
    low, _, high = span.partition("-")
    if low == high:
        return low
    if low.endswith("00") and high.endswith("99"):
        return f"[{low[0]}-{high[0]}].."
    return f"(?:{'|'.join(str(n) for n in range(int(low), int(high) + 1))})"


def _may_open_errors(cases: Sequence[Case]) -> bool:
    """Tell whether an error may be left to more than never-store."""
    shut = [c for c in cases if c.when in ((), (ERRORS,))]
    return not (shut and shut[0].when == (ERRORS,)) and any(
        case.answer.stores for case in cases
    )


def _joined(rows: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield *rows*, with the ones that follow each other to one answer as one."""
    keys: list[str] = []
    for place, (key, answer) in enumerate(rows):
        keys.append(key)
        following = rows[place + 1][1] if place + 1 < len(rows) else ""
        if following != answer:
            yield (keys[0] if len(keys) == 1 else f"(?:{'|'.join(keys)})"), answer
            keys = []
