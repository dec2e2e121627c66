"""Selection: which policies speak for one exchange, joined.

Mark, else first matching rule, else default, for each spelling of the path;
floors joined in. What the selection does to the fields is decision.py's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import reduce

from .cache_control import CacheControl
from .facts import RequestFacts, ResponseFacts
from .policy import APP_DECIDES, NO_STORE, Policy
from .readings import Readings
from .rules import Found, Mode, Numbered, Rule, RuleSet

#: The order in which the modes of joined choices win, ``report`` being last.
_MODE_ORDER: tuple[Mode, ...] = ("stricter", "if-missing", "override")


@dataclass(frozen=True, slots=True)
class Mark:
    """A policy that a decorator or an endpoint's own code attached.

    Args:
        policy: What applies; ``None``: never-store, as the middleware says it.
        mode: How it meets what the app sent.
        reason: Why, for reports.
    """

    policy: Policy | None
    mode: Mode = "stricter"
    reason: str = ""

    def never_stores(self) -> bool:
        """Tell whether this mark forbids to store the response."""
        never = self.policy is None or self.policy.never_store
        return never and self.mode != "report"


@dataclass(frozen=True, slots=True)
class Choice:
    """One policy that was selected, and by what."""

    policy: Policy
    mode: Mode
    source: str
    guards: frozenset[str]
    reason: str = ""
    floor: bool = False


@dataclass(frozen=True, slots=True)
class Selection:
    """The policies that speak for one exchange.

    Attributes:
        choices: Those that were selected, the deciding one first.
        readings: The readings of the path they were selected for.
        ambiguous: Whether two spellings select different policies.
        depends_on_credentials: Whether a rule asked for credentials.
        problems: What raised in a rule's ``when``.
    """

    choices: tuple[Choice, ...]
    readings: Readings
    ambiguous: bool = False
    depends_on_credentials: bool = False
    problems: tuple[str, ...] = ()

    @property
    def declared(self) -> CacheControl | None:
        """What all that decide allow, ``None`` if the app decides."""
        return _join(c.policy for c in self.choices if not c.floor)

    @property
    def floor(self) -> CacheControl | None:
        """What all floors allow, ``None`` if there is none."""
        return _join(c.policy for c in self.choices if c.floor)

    @property
    def app_speaks(self) -> bool:
        """Whether one of those that decide leaves it to the app."""
        return any(c.policy.cache_control is None for c in self.choices if not c.floor)

    @property
    def mode(self) -> Mode:
        """How the policy meets what the app sent; floors have no say in it."""
        modes = {choice.mode for choice in self.choices if not choice.floor}
        for mode in _MODE_ORDER:
            if mode in modes:
                return mode
        return "report"

    @property
    def guards(self) -> frozenset[str]:
        """The guards that are on: one is off only if all say so."""
        return frozenset().union(*(c.guards for c in self.choices))

    @property
    def policies(self) -> tuple[Policy, ...]:
        """The policies of all choices."""
        return tuple(choice.policy for choice in self.choices)

    def never_store_policy(self, default: Policy) -> Policy:
        """Return whose text a never-store decision takes."""
        never = [p for p in self.policies if p.never_store]
        if never:
            return max(never, key=lambda p: len(str(p.cache_control)) + len(p.beside))
        return default if default.never_store else NO_STORE


def _join(policies: Iterable[Policy]) -> CacheControl | None:
    said = [p.cache_control for p in policies]
    controls = [control for control in said if control is not None]
    return reduce(CacheControl.join, controls) if controls else None


@dataclass(frozen=True, slots=True)
class Preview:
    """What the request alone says of the policies that can be selected.

    Attributes:
        never_store: Whether any of them is never-store.
        pinned: Whether a floor is, which no mark can replace.
        ruled: Whether a rule or a floor is, which no instance inside can replace.
        heeds_marks: Whether marks change anything; not where all is reported only.
        ambiguous: Whether two spellings can select different policies.
    """

    never_store: bool
    pinned: bool
    ruled: bool = False
    heeds_marks: bool = True
    ambiguous: bool = False


def select(request: RequestFacts, response: ResponseFacts, rules: RuleSet) -> Selection:
    """Return the policies that speak for this exchange."""
    found = rules.for_readings(request.path, request.root_path)
    walk = _Walk(request, response, rules)
    walk.spelled(found)
    walk.shadowed(found)
    if not found.readings.complete:
        walk.floors.append(_unread(rules))
    return Selection(
        choices=_effective((*walk.first, *walk.floors)),
        readings=found.readings,
        ambiguous=len(walk.selected) > 1,
        depends_on_credentials=walk.asked_credentials,
        problems=tuple(walk.problems),
    )


def preview(request: RequestFacts, rules: RuleSet) -> Preview:
    """Return what can be said before the app runs."""
    found = rules.for_readings(request.path, request.root_path)
    unread = not found.readings.complete and rules.mode != "report"
    never = pinned = ruled = unread
    spelled = [tuple(_selectable(request, each)) for each in found.spelled]
    selectable = [rule for each in spelled for rule in each]
    differ = len({tuple(_said(rules, rule) for rule in each) for each in spelled}) > 1
    if differ:
        selectable.append(None)  # what is ambiguous gets the default, too
    for path, each in found.shadowed:
        defaults = path in found.readings.mapped
        selectable += [r for r in _selectable(request, each) if r or defaults]
    for rule in selectable:
        policy, mode = _said(rules, rule)
        if policy.never_store and mode != "report":
            never = True
            ruled |= rule is not None
            pinned |= rule is not None and rule.floor
    heeds = rules.mode != "report"
    return Preview(never, pinned, ruled, heeds, heeds and (differ or unread))


def _said(rules: RuleSet, rule: Rule | None) -> tuple[Policy, Mode]:
    """Return what *rule* says, or the default."""
    if rule is None:
        return rules.default, rules.mode
    return rule.policy, rule.mode or rules.mode


def _unread(rules: RuleSet) -> Choice:
    """Return what applies to a path that has too many readings."""
    return Choice(
        rules.never_store,
        rules.mode,
        "readings",
        rules.guards,
        "the path has more readings than are read",
        floor=True,
    )


def _selectable(request: RequestFacts, numbered: Numbered) -> Iterator[Rule | None]:
    """Yield the rules that may apply, ``None`` for the default."""
    decided = False
    for _, rule in numbered:
        conditions = rule.conditions
        if (decided and not rule.floor) or not conditions.meets_request(request):
            continue
        if conditions.could_confirm():
            yield rule
        decided |= not (rule.floor or conditions.asks_response)
    if not decided:
        yield None


def _effective(choices: tuple[Choice, ...]) -> tuple[Choice, ...]:
    """Return the choices that take effect: those that only report do not.

    Unless all do. Where only floors are left, the app decides above them.
    """
    choices = tuple(dict.fromkeys(choices))
    live = tuple(choice for choice in choices if choice.mode != "report")
    if not live or any(not choice.floor for choice in live):
        return live or choices
    first = choices[0]
    return (replace(first, policy=APP_DECIDES, mode="stricter", floor=False), *live)


class _Walk:
    """One walk through the rules, spelling by spelling."""

    def __init__(
        self, request: RequestFacts, response: ResponseFacts, rules: RuleSet
    ) -> None:
        self.request, self.response, self.rules = request, response, rules
        self.first: list[Choice] = []
        self.floors: list[Choice] = []
        self.asked_credentials = False
        self.problems: list[str] = []
        #: What each spelling selects.
        self.selected: set[tuple[tuple[Policy, Mode], ...]] = set()
        #: Whether each was named by a literal pattern, or by a mark.
        self.exempt = True

    def spelled(self, found: Found) -> None:
        """Take the choices of all spellings."""
        for path, numbered in zip(found.readings.spellings, found.spelled, strict=True):
            self._spelling(path, numbered)

    def shadowed(self, found: Found) -> None:
        """Join in the first rule of each shadow, where no exemption was meant."""
        known = {number for each in found.spelled for number, _ in each}
        for path, numbered in found.shadowed:
            request = _at(self.request, path)
            decided = self.exempt
            for number, rule in numbered:
                if decided and not rule.floor:
                    continue
                if not self._applies(number, rule, request):
                    continue
                decided |= not rule.floor
                if number not in known:
                    name = f"{'floor' if rule.floor else 'rule'} {number} at {path!r}"
                    choice = self._of_rule(name, rule)
                    self.floors.append(replace(choice, floor=True))
            if not decided and path in found.readings.mapped:
                self.floors.append(replace(self._default(), floor=True))

    def _spelling(self, path: str, numbered: Numbered) -> None:
        """Take the mark, else the first matching rule, else the default."""
        request = self.request if path == self.request.path else _at(self.request, path)
        exempt = bool(self.response.marks)
        marked = [self._of_mark(mark) for mark in self.response.marks]
        chosen = marked
        if self.response.inner is not None:
            # What is inside spoke first; a mark is one voice more, as rules are.
            self.floors += marked
            chosen = []
        for number, rule in numbered:
            if (chosen and not rule.floor) or not self._applies(number, rule, request):
                continue
            if rule.floor:
                self.floors.append(self._of_rule(f"floor {number}", rule))
            else:
                chosen = [self._of_rule(f"rule {number}", rule)]
                exempt = exempt or rule.is_literal
        chosen = chosen or [self._default()]
        self.exempt &= exempt
        self.selected.add(tuple((each.policy, each.mode) for each in chosen))
        self.first += chosen

    def _applies(self, number: int, rule: Rule, request: RequestFacts) -> bool:
        conditions = rule.conditions
        if conditions.credentials is not None:
            self.asked_credentials = True
        if not conditions.meets_request(request):
            return False
        try:
            return conditions.meets_response(request, self.response)
        except Exception as error:  # noqa: BLE001 - user code must not cost a 500
            self.problems.append(f"rule {number}, {rule!r}: when raised {error!r}")
            default = self._default(f"default, since rule {number} raised")
            self.floors.append(replace(default, floor=True))
            return False

    def _of_mark(self, mark: Mark) -> Choice:
        policy = mark.policy or self.rules.never_store
        # A middleware that only reports changes nothing, whoever asks.
        mode = "report" if self.rules.mode == "report" else mark.mode
        return Choice(policy, mode, "mark", self.rules.guards, mark.reason)

    def _of_rule(self, source: str, rule: Rule) -> Choice:
        guards = self.rules.guards if rule.guards is None else frozenset(rule.guards)
        if not rule.floor and self.response.status in (rule.conditions.status or ()):
            guards -= {"error_status"}  # the rule speaks of this very error
        mode = rule.mode or self.rules.mode
        name = f"{source}, {rule!r}"
        return Choice(rule.policy, mode, name, guards, rule.reason, rule.floor)

    def _default(self, source: str = "default") -> Choice:
        rules = self.rules
        return Choice(rules.default, rules.mode, source, rules.guards)


def _at(request: RequestFacts, path: str) -> RequestFacts:
    """Return *request* as it would be at *path*, for a rule's ``when``."""
    return RequestFacts(
        request.method,
        request.target,
        request.fields,
        path=path,
        root_path=request.root_path,
        scheme=request.scheme,
    )


def nested(inner: Selection | None, outer: Selection) -> Selection:
    """Return what an instance inside and this one come to.

    The inner one stands for the app's own declaration, so the outer default
    does not apply; its rules and floors do.
    """
    if inner is None or inner.mode == "report":
        return outer
    own = tuple(c for c in outer.choices if c.source != "default")
    return Selection(
        choices=_effective((*inner.choices, *own)),
        readings=outer.readings,
        ambiguous=inner.ambiguous or outer.ambiguous,
        depends_on_credentials=inner.depends_on_credentials
        or outer.depends_on_credentials,
        problems=(*inner.problems, *outer.problems),
    )
