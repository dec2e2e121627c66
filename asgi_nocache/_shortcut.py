"""What the middleware remembers, so that most responses need no decide().

Two memories: the paths whose answer is one constant field list whatever the app
does, and the outcomes of earlier decisions. Both are bounded, and a property
test holds them equal to decide(). No ASGI here, and no policy of its own.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, NamedTuple

from ._box import PRECONDITIONS
from ._core.decision import Decision, decide
from ._core.edits import VALIDATORS
from ._core.facts import CREDENTIALS, RequestFacts, ResponseFacts
from ._core.fields import Field, without
from ._core.policy import is_side_field
from ._core.readings import relative_path, spellings
from ._core.rules import Rule, RuleSet
from ._core.selection import Preview, preview
from ._core.sent import CACHING_FIELDS

#: Bounds: a key that is longer, and an entry beyond, is not remembered.
MAX_PATH = 256
MAX_ENTRIES = 4096
MAX_NAMES = 512
MAX_NAME = 64
MAX_LINES = 1024
MAX_FIELDS = 16

#: Only these can be answered with a 304 (RFC 9110 section 13.2).
_CONDITIONAL_METHODS = frozenset({"GET", "HEAD"})

#: Names that are seen every day, so that odd ones cannot crowd them out.
_COMMON = frozenset(
    # requests
    b"accept accept-charset accept-encoding accept-language access-control-request-"
    b"headers access-control-request-method authorization baggage cache-control "
    b"cf-connecting-ip cf-ray connection content-encoding content-language "
    b"content-length content-type cookie dnt expect forwarded from host if-match "
    b"if-unmodified-since keep-alive origin pragma priority proxy-authorization range "
    b"referer sec-ch-ua sec-ch-ua-mobile sec-ch-ua-platform sec-fetch-dest "
    b"sec-fetch-mode sec-fetch-site sec-fetch-user sec-gpc sec-purpose "
    b"sec-websocket-extensions sec-websocket-key sec-websocket-version te traceparent "
    b"tracestate transfer-encoding upgrade upgrade-insecure-requests user-agent via "
    b"x-api-key x-csrf-token x-forwarded-for x-forwarded-host x-forwarded-port "
    b"x-forwarded-proto x-real-ip x-request-id x-requested-with "
    # responses
    b"accept-ranges access-control-allow-credentials access-control-allow-headers "
    b"access-control-allow-methods access-control-allow-origin access-control-expose-"
    b"headers access-control-max-age allow alt-svc content-disposition content-"
    b"location content-range content-security-policy cross-origin-embedder-policy "
    b"cross-origin-opener-policy cross-origin-resource-policy date etag last-modified "
    b"link location nel permissions-policy referrer-policy report-to reporting-"
    b"endpoints retry-after server server-timing set-cookie strict-transport-security "
    b"trailer vary www-authenticate x-content-type-options x-correlation-id "
    b"x-frame-options x-powered-by x-process-time x-response-time x-robots-tag "
    b"x-trace-id x-xss-protection clear-site-data".split()
)


class Names:
    """The field names that do not matter here, in any letter case; it learns.

    Attributes:
        known: Names found not to matter, as they were spelled.
        tell: Tells whether a name that is not known matters.
    """

    def __init__(self, matter: Iterable[bytes], *, side_fields: bool = False) -> None:
        self._matter = frozenset(matter)
        self._side_fields = side_fields
        self.known = {name for name in _COMMON if not self.matters(name)}

    def matters(self, name: bytes) -> bool:
        """Tell whether *name* matters."""
        name = name.lower()
        return name in self._matter or (self._side_fields and is_side_field(name))

    def learn(self, name: bytes) -> bool:
        """Tell whether *name* does not matter, and remember that."""
        if self.matters(name):
            return False
        if len(self.known) < MAX_NAMES and len(name) <= MAX_NAME:
            self.known.add(bytes(name))
        return True

    def any_in(self, fields: Iterable[Field]) -> bool:
        """Tell whether any of *fields* matters."""
        known = self.known
        return any(k not in known and not self.learn(k) for k, _ in fields)


class Outcome(NamedTuple):
    """What a decision came to, ready to be applied.

    Attributes:
        remove: Lower-case names of which a line may be present and must go.
        add: Lines that are appended.
        decision: The decision.
        noteworthy: Whether someone would want to know of it.
    """

    remove: frozenset[bytes]
    add: list[Field]
    decision: Decision
    noteworthy: bool

    def apply(self, fields: list[Field]) -> list[Field]:
        """Return *fields* as they are to leave."""
        kept = without(fields, self.remove) if self.remove else fields
        return kept + self.add


class Exchange:
    """One kind of request: what the request alone says, and past outcomes.

    Attributes:
        request: Its facts, with only those fields that matter.
        conditional: Whether the app could answer it with a 304.
        preview: What can be selected for it.
        outcomes: What responses to it came to.
    """

    __slots__ = ("asks_when", "conditional", "outcomes", "preview", "request")

    def __init__(self, request: RequestFacts, rules: RuleSet, *, nested: bool) -> None:
        self.request = request
        self.conditional = request.method in _CONDITIONAL_METHODS and any(
            name in PRECONDITIONS for name, _ in request.fields
        )
        self.preview: Preview = preview(request, rules, nested=nested)
        matching = (
            rule for path in spellings(request) for _, rule in rules.for_path(path)
        )
        self.asks_when = any(rule.conditions.when is not None for rule in matching)
        self.outcomes: dict[Any, Outcome] = {}


class Shortcuts:
    """What one middleware remembers of its own decisions."""

    def __init__(self, rules: RuleSet) -> None:
        self._rules = rules
        #: The field list of every response, if no rule can change it.
        self.constant = None if rules.rules else self._one_answer(())
        self._constants: dict[str, list[Field] | None] = {}
        self._exchanges: dict[Any, Exchange] = {}
        self._outcomes = 0
        conditions = [rule.conditions for rule in rules.rules]
        self._asks_host = any(c.hosts is not None for c in conditions)
        self.asks_route = any(c.endpoints or c.tags for c in conditions)
        #: What of a request matters to a constant answer, and to any other.
        self.preconditions = Names(PRECONDITIONS)
        host = {b"host"} if self._asks_host else set[bytes]()
        self.request_names = Names(PRECONDITIONS | CREDENTIALS | host)
        #: What of a response matters to a constant answer, and to any other.
        self.caching = Names(CACHING_FIELDS, side_fields=True)
        self.response_names = Names(
            CACHING_FIELDS
            | {b"content-type", b"set-cookie", b"vary", b"clear-site-data"},
            side_fields=True,
        )

    def constant_for(self, path: str, root_path: str) -> list[Field] | None:
        """Return the one field list of *path*, ``None`` if it depends."""
        if root_path:
            path = relative_path(path, root_path)
        try:
            return self._constants[path]
        except KeyError:
            matching = tuple(rule for _, rule in self._rules.for_path(path))
            found = self._one_answer(matching)
            if len(path) <= MAX_PATH:
                _make_room(self._constants)
                self._constants[path] = found
            return found

    def _one_answer(self, matching: tuple[Rule, ...]) -> list[Field] | None:
        """Return the field list if all that could be selected says the same."""
        rules = self._rules
        choices = {(rules.default, rules.mode)}
        for rule in matching:
            choices.add((rule.policy, rule.mode or rules.mode))
        policies = {policy for policy, _ in choices}
        modes = {mode for _, mode in choices}
        if len(policies) > 1 or not modes <= {"stricter", "override"}:
            return None
        (policy,) = policies
        if not policy.never_store or policy.strip_validators or policy.clear_site_data:
            return None
        return list(policy.fields)

    def exchange(
        self, scope: Any, path: str, root_path: str, *, nested: bool = False
    ) -> Exchange:
        """Return what is known of requests like this one.

        Args:
            scope: The scope. Routers change its path and root path, so:
            path: The path as it was when the request came in.
            root_path: The root path as it was then.
            nested: Whether another instance stands outside.
        """
        names = self.request_names
        known = names.known
        odd = tuple(
            (name.lower(), value)
            for name, value in scope.get("headers", ())
            if name not in known and not names.learn(name)
        )
        # Of what matters only the name matters, but for Host.
        said = odd and tuple((k, v if k == b"host" else b"") for k, v in odd)
        method, scheme = scope.get("method", "GET"), scope.get("scheme", "http")
        key = (path, root_path, method, scheme, nested, said)
        found = self._exchanges.get(key)
        if found is None:
            request = RequestFacts(
                method, path, odd, path=path, root_path=root_path, scheme=scheme
            )
            found = Exchange(request, self._rules, nested=nested)
            if len(path) <= MAX_PATH and len(said) <= MAX_FIELDS:
                _make_room(self._exchanges)
                self._exchanges[key] = found
        return found

    def outcome(
        self, exchange: Exchange, response: ResponseFacts, odd: list[Field]
    ) -> Outcome:
        """Return what *response* comes to; *odd* are its fields that matter."""
        lines = tuple(
            (name, b"" if name == b"set-cookie" else value)
            for name, value in ((k.lower(), v) for k, v in odd)
        )
        names = frozenset(name for name, _ in lines)
        if exchange.asks_when or response.inner or b"expires" in names:
            return self._decide(exchange, response, names)
        key = (response.status, lines, response.endpoint, response.tags, response.marks)
        found = exchange.outcomes.get(key)
        if found is None:
            found = self._decide(exchange, response, names)
            if sum(len(v) for _, v in lines) <= MAX_LINES:
                self._remember(exchange, key, found)
        return found

    def _remember(self, exchange: Exchange, key: Any, outcome: Outcome) -> None:
        if self._outcomes >= MAX_ENTRIES:
            self._exchanges.clear()
            self._outcomes = 0
        self._outcomes += 1
        exchange.outcomes[key] = outcome

    def _decide(
        self, exchange: Exchange, response: ResponseFacts, names: frozenset[bytes]
    ) -> Outcome:
        decision = decide(exchange.request, response, self._rules, now=time.time())
        # Fields that do not matter were not looked at, and may be there or not.
        remove = decision.edits.remove & (names | VALIDATORS)
        noteworthy = (
            decision.discards
            or decision.loosens
            or decision.mode == "report"
            or bool(decision.selection.problems)
            or (response.status == 304 and decision.never_store)
        )
        return Outcome(remove, list(decision.edits.add), decision, noteworthy)


def _make_room(memory: dict[Any, Any]) -> None:
    if len(memory) >= MAX_ENTRIES:
        memory.clear()
