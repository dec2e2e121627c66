"""Rule and RuleSet: when a policy applies.

A rule checks itself where it is written; a rule set checks the whole and
compiles the patterns. What several matching rules come to is selection.py's.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import KW_ONLY, dataclass, field, fields
from typing import Any, Literal, NamedTuple, get_args

from .conditions import Conditions, Reader, When
from .errors import ConfigurationError
from .guards import ALL_GUARDS, extension
from .patterns import PathIndex, parse
from .policy import NO_STORE, Policy
from .readings import Readings, read

Mode = Literal["stricter", "override", "if-missing", "report"]
#: A warning is worth a second of start-up, but not a minute.
MAX_COMPARED = 64

MODES: tuple[Mode, ...] = get_args(Mode)


@dataclass(frozen=True, slots=True, repr=False)
class Rule:
    """When a policy applies. All conditions that are given must hold.

    Args:
        path: A pattern such as ``"/static/**"``, a compiled regular expression
            that must match the whole path, or ``None`` for every path.
        policy: What then applies.
        methods: Such as ``["GET"]``, which implies ``HEAD``.
        hosts: Such as ``["example.com", "*.example.com"]``.
        status: A status code, several, or a ``range``.
        media_types: Such as ``["text/html", "image/*"]``.
        endpoints: Dotted names of endpoints, with ``*`` as in shells.
        tags: Matches a route that has any of these.
        credentials: Whether the request carries ``Authorization`` or ``Cookie``.
        when: Called with the request and response facts.
        mode: How the policy meets what the app sent; ``None``: as the middleware.
        floor: The rule stands outside the order and can only tighten.
        guards: The guards that stay on; ``None``: those of the middleware.
        reason: Why, for reports.

    Raises:
        ConfigurationError: With everything that is wrong.
    """

    path: str | re.Pattern[str] | None
    policy: Policy
    _: KW_ONLY
    methods: Iterable[str] | None = None
    hosts: Iterable[str] | None = None
    status: int | Iterable[int] | None = None
    media_types: Iterable[str] | None = None
    endpoints: str | Iterable[str] | None = None
    tags: Iterable[str] | None = None
    credentials: bool | None = None
    when: When | None = None
    mode: Mode | None = None
    floor: bool = False
    guards: Iterable[str] | None = None
    reason: str = ""
    conditions: Conditions = field(init=False, compare=False)

    def __post_init__(self) -> None:
        given = {f.name: getattr(self, f.name) for f in fields(self) if f.init}
        # A one-shot iterable must survive being read and shown.
        given = {n: tuple(v) if _is_stream(v) else v for n, v in given.items()}
        for name, value in given.items():
            object.__setattr__(self, name, value)
        reader = Reader()
        reader.problems += _path_problems(self.path)
        reader.problems += _policy_problems("policy", self.policy)
        if self.mode is not None:
            reader.choice("mode", self.mode, MODES)
        if self.guards is not None:
            guards = reader.names("guards", self.guards, ALL_GUARDS)
            object.__setattr__(self, "guards", guards)
        reader.flag("floor", self.floor)
        if not isinstance(given["reason"], str):
            reader.problems.append(f"reason={self.reason!r} is not a text; quote it")
        object.__setattr__(self, "conditions", reader.conditions(given))
        if reader.problems:
            raise ConfigurationError(repr(self), reader.problems)

    @property
    def is_literal(self) -> bool:
        """Whether the path is one, and no pattern."""
        return isinstance(self.path, str) and not set(self.path) & set("*{")

    def __repr__(self) -> str:
        path = self.path.pattern if isinstance(self.path, re.Pattern) else self.path
        shown = ", floor=True" if self.floor is True else ""
        return f"Rule({path!r}, {self.policy!r}{shown})"


def _is_stream(value: Any) -> bool:
    return isinstance(value, Iterable) and iter(value) is value


def _path_problems(path: Any) -> list[str]:
    if isinstance(path, re.Pattern) and isinstance(path.pattern, bytes):
        return [f"path={path!r} is a pattern of bytes; paths are text, so drop the b"]
    if path is None or isinstance(path, re.Pattern):
        return []
    if not isinstance(path, str):
        return [f"path={path!r} is not a path pattern; write one like '/items/**'"]
    try:
        parse(path)
    except ValueError as error:
        return [f"path {path!r} {error}"]
    return []


def _policy_problems(name: str, value: Any) -> list[str]:
    if isinstance(value, Policy):
        return []
    hint = "call it, as in PUBLIC(max_age=3600)" if callable(value) else "use a preset"
    shown = getattr(value, "__name__", repr(value))
    return [f"{name}={shown} is not a Policy; {hint}"]


#: Rules with their numbers, from 1.
Numbered = tuple[tuple[int, Rule], ...]


class Found(NamedTuple):
    """The rules whose path matches, reading by reading.

    Attributes:
        readings: The readings.
        spelled: For each spelling, in order.
        shadowed: Shadows which match a rule that no spelling does, and those by
            other characters which match other rules than each.
    """

    readings: Readings
    spelled: tuple[Numbered, ...]
    shadowed: tuple[tuple[str, Numbered], ...]

    @property
    def kind(self) -> Hashable:
        """What two paths share that all decisions treat alike, but for ``when``."""
        return (
            tuple(tuple(n for n, _ in each) for each in self.spelled),
            tuple(tuple(n for n, _ in each) for _, each in self.shadowed),
            tuple(path in self.readings.mapped for path, _ in self.shadowed),
            tuple(map(extension, self.readings.spellings)),
            self.readings.complete,
        )

    @property
    def rules(self) -> list[Rule]:
        """All of them."""
        shadowed = (numbered for _, numbered in self.shadowed)
        return [rule for each in (*self.spelled, *shadowed) for _, rule in each]


class RuleSet:
    """Rules in order, the default, the mode and the guards: one whole policy.

    Args:
        rules: Tried in order; the first match wins. Floors are joined in.
        default: What applies where no rule does.
        mode: How policies meet what the app sent, unless a rule says otherwise.
        guards: The names of the guards that are on.
        place: Whose they are, for errors.
        stacklevel: How many calls away from here they were written, for warnings.

    Raises:
        ConfigurationError: With everything that is wrong.

    Warns:
        UserWarning: A rule never applies, since an earlier one takes it all.
    """

    def __init__(
        self,
        rules: Iterable[Rule] = (),
        *,
        default: Policy = NO_STORE,
        mode: Mode = "stricter",
        guards: Iterable[str] = ALL_GUARDS,
        place: str = "RuleSet",
        stacklevel: int = 0,
    ) -> None:
        reader = Reader()
        self.rules = self._read_rules(rules, reader)
        reader.problems += _policy_problems("default", default)
        reader.choice("mode", mode, MODES)
        self.guards = reader.names("guards", guards, ALL_GUARDS)
        if reader.problems:
            raise ConfigurationError(place, reader.problems)
        self.default = default
        self.mode: Mode = mode
        self._index = PathIndex()
        #: Numbers of the rules whose path needs a look of its own.
        self._linear: list[int] = []
        for number, rule in enumerate(self.rules):
            self._warn_if_shadowed(number, rule, stacklevel + 3)
            if isinstance(rule.path, str):
                self._index.add(rule.path, number)
            else:
                self._linear.append(number)
        self._folded_index, self._folded = self._fold()

    @property
    def never_store(self) -> Policy:
        """What ``nocache`` means here: the default if it is never-store."""
        return self.default if self.default.never_store else NO_STORE

    def for_path(self, path: str) -> Numbered:
        """Return the rules whose path matches, numbered from 1, in order."""
        found = self._index.match(path)
        for number in self._linear:
            pattern = self.rules[number].path
            if not isinstance(pattern, re.Pattern) or pattern.fullmatch(path):
                found.append(number)
        return tuple((n + 1, self.rules[n]) for n in sorted(found))

    def for_readings(self, path: str, root_path: str) -> Found:
        """Return the rules for each reading of *path*, mounted at *root_path*."""
        readings = read(path, root_path)
        spelled = tuple(self.for_path(each) for each in readings.spellings)
        known = {number for each in spelled for number, _ in each}
        shadowed = []
        as_spelled = self._folded_index is self._index and not self._folded
        for shadow in readings.shadows:
            if as_spelled and shadow in readings.spellings:
                continue
            numbers = self._folded_index.match(shadow)
            numbers += [n for n, p in self._folded if not p or p.fullmatch(shadow)]
            numbered = tuple((n + 1, self.rules[n]) for n in sorted(numbers))
            other = shadow in readings.mapped and numbered not in spelled
            if other or any(n not in known for n, _ in numbered):
                shadowed.append((shadow, numbered))
        return Found(readings, spelled, tuple(shadowed))

    def _fold(self) -> tuple[PathIndex, list[tuple[int, re.Pattern[str] | None]]]:
        """Return an index that paths match casefolded, and the same of the others."""
        index = self._index
        paths = [rule.path for rule in self.rules]
        if any(isinstance(p, str) and p != p.casefold() for p in paths):
            index = PathIndex(fold=True)
            for number, path in enumerate(paths):
                if isinstance(path, str):
                    index.add(path, number)
        patterns = [
            (number, path and re.compile(path.pattern, path.flags | re.IGNORECASE))
            for number, path in enumerate(paths)
            if not isinstance(path, str)
        ]
        return index, patterns

    @staticmethod
    def _read_rules(rules: Any, reader: Reader) -> tuple[Rule, ...]:
        if isinstance(rules, str | bytes | Rule) or not isinstance(rules, Iterable):
            reader.problems.append(
                f"rules={rules!r} is not a list of rules; write rules=[Rule(...)]"
            )
            return ()
        given = tuple(rules)
        for number, rule in enumerate(given, 1):
            if not isinstance(rule, Rule):
                reader.problems.append(
                    f"rules: number {number}, {rule!r}, is not a Rule; "
                    "write Rule('/path/**', PUBLIC(max_age=60))"
                )
        return given

    def _warn_if_shadowed(self, number: int, rule: Rule, stacklevel: int) -> None:
        taken_by = taking(rule, self.rules, self._index, self._linear)
        n = next(iter(taken_by), None)
        if n is not None:
            warnings.warn(
                f"rule {number + 1}, {rule!r}, never applies: rule {n + 1}, "
                f"{self.rules[n]!r}, comes first and takes all of it; "
                "put the narrower rule first or drop it",
                UserWarning,
                stacklevel=stacklevel,
            )


def taking(
    rule: Rule, rules: Sequence[Rule], index: PathIndex, linear: Sequence[int]
) -> list[int]:
    """Return the numbers of earlier rules that take all of *rule*, as far as is cheap.

    Args:
        rule: One that comes later; floors stand outside the order.
        rules: The earlier ones, by number.
        index: Their patterns.
        linear: The numbers of those without a pattern.
    """
    if rule.floor:
        return []
    # Rules without a pattern are compared one by one, so with some of them.
    earlier = set(linear[:MAX_COMPARED])
    if isinstance(rule.path, str):
        earlier.update(index.covering(rule.path))
    return [n for n in sorted(earlier) if _takes_all(rules[n], rule)]


def _takes_all(earlier: Rule, rule: Rule) -> bool:
    regex = isinstance(earlier.path, re.Pattern)
    same_path = not regex or earlier.path == rule.path
    return same_path and not earlier.floor and earlier.conditions.cover(rule.conditions)
