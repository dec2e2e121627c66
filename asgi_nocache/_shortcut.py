"""What the middleware remembers, so that most responses need no decide().

For each place: the constant field list, where nothing the app does can change
the answer; else what earlier decisions came to. All of it is bounded, and a
property test holds it equal to decide(). No ASGI here, no policy of its own.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, NamedTuple

from ._core.decision import Decision, decide
from ._core.edits import VALIDATORS
from ._core.facts import CREDENTIALS, RequestFacts, ResponseFacts
from ._core.fields import Field, Fields, has, without
from ._core.rules import Found, Rule, RuleSet
from ._core.selection import Preview, preview
from ._core.sent import CACHING_FIELDS
from ._names import MAX_NAME, Names
from ._preconditions import CONDITIONAL_METHODS, PRECONDITIONS
from ._refusals import NONE, Refusals

#: Bounds: a key that is longer, and an entry beyond, is not remembered.
MAX_PATH = 256
MAX_ENTRIES = 4096
MAX_LINES = 1024
MAX_ODD = 16

#: What of a response matters besides what it says of caching. An Age, which only
#: caches say (RFC 9111 section 5.1), does to the report alone.
_CONTENT = frozenset({b"content-type", b"set-cookie", b"clear-site-data", b"age"})

#: An Expires without Date depends on the clock; a cookie and an age are new each time.
_NEVER_TWICE = frozenset({b"expires", b"set-cookie", b"age"})


class Outcome(NamedTuple):
    """What a decision came to, ready to be applied.

    Attributes:
        remove: Lower-case names of which a line may be present and must go.
        add: Lines that are appended.
        decision: The decision.
        news: What of it someone would want to know, by the names of counts.
    """

    remove: frozenset[bytes]
    add: list[Field]
    decision: Decision
    news: tuple[str, ...]

    def apply(self, fields: list[Field]) -> list[Field]:
        """Return *fields* as they are to leave."""
        kept = without(fields, self.remove) if self.remove else fields
        return kept + self.add


#: What is appended to a response of one status, and the Content-Type lines with
#: which that was decided.
Answer = tuple[list[Field], set[Field]]


class Exchange:
    """One kind of request: what the request alone says, and past outcomes.

    Attributes:
        request: Its facts, with only those fields that matter, and of these
            only what is asked of them: no secret is kept.
        conditional: Whether the app could answer it with a 304.
        preview: What can be selected for it.
        refusal: The status that it is refused with, 0 if it is not.
        outcomes: What responses to it came to.
        answers: By status, what plain responses without marks came to.
    """

    __slots__ = ("answers", "conditional", "outcomes", "preview", "refusal", "request")

    def __init__(
        self, request: RequestFacts, rules: RuleSet, refusals: Refusals
    ) -> None:
        self.request = request
        self.conditional = request.method in CONDITIONAL_METHODS and any(
            name in PRECONDITIONS for name, _ in request.fields
        )
        self.preview: Preview = preview(request, rules)
        self.refusal = refusals.of(request, self.preview)
        self.outcomes: dict[Any, Outcome] = {}
        self.answers: dict[int, Answer] = {}


#: A path, or a path and the root path it came with.
Where = str | tuple[str, str]


class Place:
    """What is remembered of one path.

    Attributes:
        constant: The one field list of every answer without marks, ``None`` if
            it depends.
        asks_when: Whether a rule must be asked each time.
        asks_content: Whether a rule asks for what only a full look can tell.
        path: The path.
        root_path: Where the app is mounted.
    """

    __slots__ = (
        "_exchanges",
        "_shortcuts",
        "asks_content",
        "asks_when",
        "constant",
        "path",
        "root_path",
    )

    def __init__(self, path: str, root_path: str, shortcuts: Shortcuts) -> None:
        found = shortcuts.rules.for_readings(path, root_path)
        self.path, self.root_path = path, root_path
        self._shortcuts = shortcuts
        self._exchanges: dict[Any, Exchange] = {}
        rules = found.rules
        if not rules and found.readings.complete:  # what most paths of a flood come to
            self.asks_when = self.asks_content = False
            self.constant = shortcuts.unmatched
            if self.constant is None:
                self._exchanges = shortcuts.shared(root_path, found)
            return
        conditions = [rule.conditions for rule in rules]
        self.asks_when = any(c.when is not None for c in conditions)
        self.asks_content = any(
            c.media_types or c.endpoints or c.tags or c.when for c in conditions
        )
        self.constant = shortcuts.one_answer(rules)
        if not found.readings.complete and not shortcuts.rules.default.never_store:
            self.constant = None
        if self.constant is None:
            self._exchanges = shortcuts.shared(root_path, found)

    def exchange(self, scope: Any) -> Exchange:
        """Return what is known of requests like this one."""
        shortcuts = self._shortcuts
        names = shortcuts.request_names
        known = names.known
        odd = [line for line in scope.get("headers", ()) if line[0] not in known]
        if odd:
            odd = [_asked_of(line) for line in odd if not names.learn(line[0])]
        key, scheme = scope.get("method", "GET"), scope.get("scheme", "http")
        if odd or scheme != "http":
            key = (key, scheme, *odd)
        found = self._exchanges.get(key)
        if found is None:
            found = self._new(scope, odd)
            sizes = [len(scope.get("method", "")), *(len(v) for _, v in odd)]
            short = len(odd) <= MAX_ODD and max(sizes) <= MAX_NAME
            if short and not self.asks_when:
                shortcuts.make_room(self._exchanges)
                self._exchanges[key] = found
        return found

    def _new(self, scope: Any, odd: list[Field]) -> Exchange:
        path, root_path = self.path, self.root_path
        target, fields = path, odd
        if self.asks_when:  # who asks may ask for all of it
            raw = scope.get("raw_path") or path.encode()
            target = (raw + b"?" + scope.get("query_string", b"")).decode("latin-1")
            fields = scope.get("headers", ())
        request = RequestFacts(
            scope.get("method", "GET"),
            target.removesuffix("?"),
            tuple(fields),
            path=path,
            root_path=root_path,
            scheme=scope.get("scheme", "http"),
        )
        return Exchange(request, self._shortcuts.rules, self._shortcuts.refusals)


class Shortcuts:
    """What one middleware remembers of its own decisions.

    Args:
        rules: What it decides by.
        constants: Whether any answer may be taken for constant.
        refusals: What is refused; with any, no answer is constant.
    """

    def __init__(
        self,
        rules: RuleSet,
        *,
        constants: bool = True,
        refusals: Refusals = NONE,
    ) -> None:
        self.rules = rules
        self.refusals = refusals
        self._constants = constants and not any(refusals)
        self.places: dict[Where, Place] = {}
        self.exchanges: dict[Any, dict[Any, Exchange]] = {}
        self._entries = 0
        conditions = [rule.conditions for rule in rules.rules]
        policies = [rules.default, *(rule.policy for rule in rules.rules)]
        self.asks_route = any(c.endpoints or c.tags for c in conditions)
        #: The field list of every answer where no rule matches, if there is one.
        self.unmatched = self.one_answer([])
        #: The same at every place.
        self.constant = None if rules.rules else self.unmatched
        #: What of a request matters.
        host = [b"host"] if any(c.hosts is not None for c in conditions) else []
        purpose = [b"sec-purpose"] if refusals.prefetch else []
        self.request_names = Names({*PRECONDITIONS, *CREDENTIALS, *host, *purpose})
        #: What of a response matters: to a constant answer, and to any other.
        self.caching = Names(CACHING_FIELDS | {b"age"}, side_fields=True)
        vary = any(p.vary for p in policies) or any(
            c.credentials is not None for c in conditions
        )
        content = _CONTENT | ({b"vary"} if vary else set())
        self.response_names = Names(CACHING_FIELDS | content, side_fields=True)
        #: The same where a mark may bring a policy of its own.
        self._all_names = Names(CACHING_FIELDS | _CONTENT | {b"vary"}, side_fields=True)

    def place(self, path: str, root_path: str) -> Place:
        """Return what is remembered of *path*, mounted at *root_path*."""
        where = (path, root_path) if root_path else path
        found = self.places.get(where)
        if found is None:
            found = Place(path, root_path, self)
            if len(path) <= MAX_PATH:
                self.make_room(self.places)
                self.places[where] = found
        return found

    def shared(self, root_path: str, found: Found) -> dict[Any, Exchange]:
        """Return what is remembered of all paths that the same rules speak of."""
        long = len(found.readings.spellings[0]) > MAX_PATH  # so may be its extension
        return {} if long else self.exchanges.setdefault((root_path, found.kind), {})

    def one_answer(self, matching: Iterable[Rule]) -> list[Field] | None:
        """Return the field list, if all that could be selected says the same."""
        rules = self.rules
        policies, modes = {rules.default}, {rules.mode}
        for rule in matching:
            policies.add(rule.policy)
            modes.add(rule.mode or rules.mode)
        one = len(policies) == 1 and modes <= {"stricter", "override"}
        if not (one and self._constants):
            return None
        (policy,) = policies
        if not policy.never_store or policy.strip_validators or policy.clear_site_data:
            return None
        return list(policy.fields)

    def outcome(
        self, place: Place, exchange: Exchange, response: ResponseFacts
    ) -> Outcome:
        """Return what *response* comes to."""
        names = self._all_names if response.marks else self.response_names
        for name, _ in response.fields:
            if name not in names.known:
                self.caching.learn(name)
                names.learn(name)
        odd = tuple(line for line in response.fields if names.matters(line[0]))
        key = (
            response.status,
            odd,
            response.marks,
            response.endpoint,
            response.names,
            response.tags,
        )
        found = exchange.outcomes.get(key) if response.inner is None else None
        if found is None:
            found = self._decide(exchange, response)
            if response.inner is None and not place.asks_when and _is_repeatable(odd):
                self.make_room(exchange.outcomes)
                exchange.outcomes[key] = found
                if not place.asks_content:
                    _remember_answer(exchange, response, odd, found)
        return found

    def _decide(self, exchange: Exchange, response: ResponseFacts) -> Outcome:
        decision = decide(exchange.request, response, self.rules, now=time.time())
        present = {name.lower() for name, _ in response.fields}
        return Outcome(
            # Fields that do not matter were not looked at, and may be there.
            decision.edits.remove & (present | VALIDATORS),
            list(decision.edits.add),
            decision,
            tuple(_news(decision, response)),
        )

    def make_room(self, memory: dict[Any, Any]) -> None:
        """Forget everything once all memories together are full."""
        self._entries += 1
        if self._entries > MAX_ENTRIES:
            self._entries = 1
            self.places.clear()
            while self.exchanges:  # a new place may hold one already
                self.exchanges.popitem()[1].clear()
            memory.clear()


def _remember_answer(
    exchange: Exchange, response: ResponseFacts, odd: Fields, outcome: Outcome
) -> None:
    """Remember what needs no second look: no line goes, no line but a type matters.

    A type that a guard objects to is looked at each time, so all that are
    remembered come to what a response without a type comes to.
    """
    types = {line for line in odd if line[0] == b"content-type"}
    objected = "extension_mismatch" in outcome.decision.guards
    plain = not (response.marks or outcome.remove or outcome.news or objected)
    if plain and len(types) == len(odd):
        _, known = exchange.answers.setdefault(response.status, (outcome.add, set()))
        known |= types


def _news(decision: Decision, response: ResponseFacts) -> Iterable[str]:
    """Yield what is worth a count and a line in the log."""
    if decision.selection.problems:
        yield "rule_raised"
    if decision.mode == "report":
        if decision.cache_control != decision.sent.cache_control:
            yield "would_change"
    elif decision.loosens:
        yield "loosened"
    elif decision.discards:
        yield "discarded"
    if response.status == 304 and decision.never_store:
        yield "escaped_304"
    if has(response.fields, b"age"):
        yield "age_from_origin"


def _is_repeatable(odd: Fields) -> bool:
    """Tell whether the same lines would come to the same at another time."""
    return sum(len(v) for _, v in odd) <= MAX_LINES and not any(
        name.lower() in _NEVER_TWICE for name, _ in odd
    )


def _asked_of(line: Field) -> Field:
    """Return what can be asked of a request line, which mostly is its presence."""
    name = line[0].lower()
    return (name, line[1] if name in (b"host", b"sec-purpose") else b"")
