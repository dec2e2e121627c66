"""Compiling: rules to a plan, in their order, with nothing looser than ``decide()``.

What no edge can know (a callable, an endpoint, what the request's user may see) is
refused, or widened to never-store (losses.py); what one target cannot say is fit.py's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import replace

from .._core.guards import STATIC_EXTENSIONS, extension
from .._core.patterns import REST, TAIL, Wildcard, parse
from .._core.policy import Policy
from .._core.rules import Rule, RuleSet
from .cases import QUIET, cases_of, never_answer
from .losses import Losses, named, unknown_to_edges
from .paths import PathForm, escaped
from .plan import Answer, Case, Condition, Entry, Fact, Plan

_EVERY_PATH = "/**"


def compile_plan(
    policy_set: RuleSet, *, widen: bool = False, allowed: Container[str] = frozenset()
) -> Plan:
    """Return *policy_set* as a plan.

    Args:
        policy_set: The rules, the default, the mode and the guards.
        widen: Whether what cannot be said may be said more strictly; each such
            place is in the plan's notes.
        allowed: The rules, as ``losses.named`` calls them, that may be left out.

    Raises:
        NotExpressibleError: A rule asks what no edge knows; all of them are named.
    """
    losses = Losses(widen, allowed)
    closed = policy_set.never_store
    if not policy_set.default.never_store:
        losses.add(
            f"the default, {policy_set.default!r}",
            "an edge that does not know a spelling of a path would leave it open",
            "make the default NO_STORE and open what may be cached by rules",
        )
    if policy_set.mode == "report":
        losses.add("mode 'report'", "it changes nothing", "choose another mode")
    compiler = _Compiler(policy_set, closed, losses)
    entries = compiler.entries()
    losses.check("export")
    return Plan(
        entries=tuple(entries),
        default=never_answer(closed),
        fingerprint=fingerprint(policy_set),
        notes=(*losses.widened, *compiler.notes),
        gaps=tuple(dict.fromkeys(losses.gaps)),
    )


def fingerprint(policy_set: RuleSet) -> str:
    """Return what tells two policies apart, the same on every machine."""
    said = [*_said(policy_set.default), policy_set.mode, *sorted(policy_set.guards)]
    for rule in policy_set.rules:
        conditions = rule.conditions
        said += [repr(rule), *_said(rule.policy), repr(rule.mode), rule.reason]
        said += [
            f"{name}={_sorted(getattr(conditions, name))}"
            for name in ("methods", "hosts", "credentials", "status", "media_types")
        ]
        said.append(repr(rule.guards and sorted(rule.guards)))
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:12]


def _said(policy: Policy) -> tuple[str, ...]:
    """Return all that *policy* says, its name included."""
    rest = (policy.vary, policy.strip_validators, policy.shared_with_credentials)
    return repr(policy), repr(policy.fields), repr(rest)


def _sorted(value: object) -> object:
    return sorted(value) if isinstance(value, frozenset) else value


class _Compiler:
    """One walk over the rules."""

    def __init__(self, policy_set: RuleSet, closed: Policy, losses: Losses) -> None:
        self.policy_set, self.closed, self.losses = policy_set, closed, losses
        self.never = never_answer(closed)
        self.notes: list[str] = []

    def entries(self) -> Iterator[Entry]:
        """Return the entries in order: floors, then the rules, then what is left."""
        numbered = list(enumerate(self.policy_set.rules, 1))
        floors = [self._entry(n, r) for n, r in numbered if r.floor]
        rules = [self._entry(n, r) for n, r in numbered if not r.floor]
        made = [*floors, *self._continued(rules)]
        return _without_idle(self._with_shadows(made), self.never)

    def _entry(self, number: int, rule: Rule) -> Entry:
        path = PathForm(rule.path if isinstance(rule.path, str) else _EVERY_PATH)
        name = named(number, rule)
        entry = Entry(
            number=number,
            rule=repr(rule),
            path=path,
            cases=(Case(self.never),),
            methods=tuple(sorted(rule.conditions.methods or ())),
            hosts=tuple(sorted(rule.conditions.hosts or ())),
            reason=rule.reason,
        )
        problems = list(unknown_to_edges(rule, self.policy_set.mode))
        for reason, remedy in problems:
            self.losses.add(name, reason, remedy)
        if rule.policy.clear_site_data:
            self.notes.append(f"{name}: Clear-Site-Data stays the app's")
        if not problems:
            entry = replace(entry, cases=self._cases(rule))
        return replace(entry, path=replace(path, shadowed=entry.strict))

    def _cases(self, rule: Rule) -> tuple[Case, ...]:
        guards = {*(self.policy_set.guards if rule.guards is None else rule.guards)}
        if rule.conditions.methods and rule.conditions.methods <= {*QUIET.values}:
            guards.discard("unsafe_method")
        status = rule.conditions.status
        cases = cases_of(
            rule.policy,
            rule.mode or self.policy_set.mode,
            frozenset(guards),
            self.closed,
            names_errors=any(code >= 400 for code in status or ()),
        )
        asked = _asked_of_response(rule)
        return tuple(
            replace(case, when=(*asked, *case.when))
            for case in cases
            if _can_end_so(rule.path, case.when)
        )

    def _continued(self, entries: Sequence[Entry]) -> Iterator[Entry]:
        """Yield *entries*; where one asks of the response, what else applies then."""
        for place, entry in enumerate(entries):
            if _always(entry):
                yield entry
                continue
            # What is said then is not said of the shadows.
            path = replace(entry.path, shadowed=False)
            cases = (*entry.cases, *self._after(entry, entries[place + 1 :]))
            yield replace(entry, cases=cases, path=path)

    def _with_shadows(self, entries: Sequence[Entry]) -> list[Entry]:
        """Return *entries*, with what servers may take for other ones' paths first.

        The middleware joins such policies; an edge says never-store.
        """
        near = _Near(entries)
        out: list[Entry] = []
        for place, entry in enumerate(entries):
            # A literal path is an exemption: it was named.
            if not (entry.strict or entry.path.literal):
                for number in near.to(entry):
                    other = entries[number]
                    if number > place and self._takes(other, entry):
                        self._admit(other, entry)
                        out.append(self._shadow(other))
                    elif number < place and self._tightens(other, entry):
                        out.append(self._shadow(other))
            out.append(entry)
        return list(dict.fromkeys(out))

    def _shadow(self, entry: Entry) -> Entry:
        path = replace(entry.path, shadowed=True)
        return replace(entry, path=path, cases=(Case(self.never),))

    def _takes(self, later: Entry, entry: Entry) -> bool:
        """Tell whether shadows of *later* tighten *entry* though it comes first."""
        spelled = replace(later.path, shadowed=False)
        return self._tightens(later, entry) and not spelled.covers(entry.path)

    def _tightens(self, one: Entry, other: Entry) -> bool:
        """Tell whether *one*, joined in, leaves less than *other* alone."""
        if one.strict:
            return True
        mine, theirs = (self.policy_set.rules[e.number - 1] for e in (one, other))
        own, default = self.policy_set.guards, self.policy_set.mode
        if {*(mine.guards if mine.guards is not None else own)} - {
            *(theirs.guards if theirs.guards is not None else own)
        }:
            return True
        if (theirs.mode or default) == "override" != (mine.mode or default):
            return True
        control, beside = mine.policy.cache_control, theirs.policy.cache_control
        if control is None:
            return False
        return beside is None or not beside.covers(control)

    def _admit(self, later: Entry, entry: Entry) -> None:
        """Take note where *later* takes from *entry* what both name."""
        if not later.path.is_apart_from(entry.path):
            self.losses.add(
                f"what rule {later.number}, {later.rule}, takes of rule {entry.number}",
                "an edge tries it first, since servers may take other paths for it",
                "put the stricter rule first",
            )

    def _after(self, entry: Entry, later: Sequence[Entry]) -> tuple[Case, ...]:
        """Return the cases of the entries that apply where *entry* does not."""
        out: tuple[Case, ...] = ()
        for other in later:
            narrower = (other.methods or other.hosts) and (
                other.methods != entry.methods or other.hosts != entry.hosts
            )
            if other.path.covers(entry.path) and not narrower:
                out += other.cases
                if _always(other):
                    return out
            elif other.path.may_meet(entry.path):
                self.losses.add(
                    f"rule {entry.number}, {entry.rule}",
                    f"rule {other.number} applies to a part of its paths, and which "
                    "of the two it is depends on the response",
                    "give both the same path",
                )
                break
        return (*out, Case(self.never))


def _can_end_so(path: object, when: Sequence[Condition]) -> bool:
    """Tell whether a path of the pattern may have an extension, if that is asked."""
    asked = any(each.fact is Fact.MISMATCH for each in when)
    if not asked or not isinstance(path, str):
        return True
    last = parse(path)[-1]
    end = last.suffix if isinstance(last, Wildcard) else last
    if last in (REST, TAIL) or (isinstance(last, Wildcard) and "." not in end):
        return True
    return extension(end) in STATIC_EXTENSIONS


def _always(entry: Entry) -> bool:
    """Tell whether one of the cases holds in any case."""
    return any(not case.when for case in entry.cases)


def _asked_of_response(rule: Rule) -> tuple[Condition, ...]:
    """Return what the rule asks of the response, as conditions."""
    out = []
    if rule.conditions.status is not None:
        out.append(Condition(Fact.STATUS, tuple(_ranges(rule.conditions.status))))
    if rule.conditions.media_types is not None:
        types = sorted(rule.conditions.media_types)
        regexes = [escaped(t).replace(r"/\*", "/.*") for t in types]
        out.append(Condition(Fact.MEDIA_TYPE, tuple(regexes)))
    return tuple(out)


def _ranges(codes: frozenset[int]) -> Iterator[str]:
    """Yield the runs in *codes*, as ``"400-404"``."""
    ordered = sorted(codes)
    start = ordered[0]
    for code, following in zip(ordered, [*ordered[1:], None], strict=True):
        if following != code + 1:
            yield f"{start}-{code}"
            start = following or 0


class _Near:
    """Which entries may meet one another: those that begin alike, or anyhow."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = entries
        self._alike: dict[str | None, list[int]] = {}
        for number, entry in enumerate(entries):
            self._alike.setdefault(entry.path.beginning, []).append(number)

    def to(self, entry: Entry) -> list[int]:
        """Return the places of the entries that may meet *entry*, ascending."""
        start = entry.path.beginning
        if start is None:
            found: Iterable[int] = range(len(self._entries))
        else:
            found = [*self._alike.get(start, ()), *self._alike.get(None, ())]
        return sorted(n for n in found if self._entries[n].path.may_meet(entry.path))


def _without_idle(entries: Sequence[Entry], never: Answer) -> Iterator[Entry]:
    """Yield the *entries* that change what the ones after them and the default say."""
    near = _Near(entries)
    for place, entry in enumerate(entries):
        says_default = all(case.answer == never for case in entry.cases)
        if says_default and not any(
            number > place and not entries[number].strict for number in near.to(entry)
        ):
            continue
        yield entry
