"""The values of an audit: routes, what was decided for them, findings.

Nothing here loads an app, decides or prints. Routes are the frameworks' words in one
form; a framework is not imported to hold them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Any

from .._core.decision import Decision
from .._core.rules import RuleSet
from ..reuse import Prediction


class Kind(Enum):
    """What answers at a route."""

    ENDPOINT = "endpoint"
    STATIC = "static files"
    FRAMEWORK = "made by the framework"  # /docs, /openapi.json, Flask's /static
    STREAM = "websocket"  # not HTTP: no policy applies
    OPAQUE = "opaque"  # an app whose routes cannot be seen
    UNKNOWN = "unknown"  # a route class that nobody here knows


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is written; ``line`` counts from 1, 0 if not known."""

    file: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class Layer:
    """A middleware of ours around a route.

    Attributes:
        policy_set: Its compiled rules.
        form: How it was put there: ``"wrapped"``, ``"install()"``,
            ``"add_middleware"``, ``"as_asgi()"``, ``"wsgi"``.
        root_path: What is cut from the path before this layer sees it.
        middleware: The object itself, for what else is asked of it.
    """

    policy_set: RuleSet
    form: str
    root_path: str = ""
    middleware: Any = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One path template and the methods it answers.

    Attributes:
        path: The template with all prefixes, as its framework writes it:
            ``/api/items/{id}``, ``/blog/<int:id>``.
        methods: Sorted; HEAD where GET answers it. Empty: any, or none apply.
        kind: What answers.
        framework: ``"starlette"``, ``"fastapi"``, ``"flask"``, ...
        name: What the framework calls it.
        endpoint: The callable, as registered; ``None`` if there is none to see.
        tags: FastAPI's tags, Flask's blueprint.
        names: What ``Rule(endpoints=...)`` matches besides the dotted name.
        host: A ``Host`` route's pattern, else ``""``.
        sample: A concrete path that reaches it, prefixes included; ``""`` if none
            could be made.
        root_path: The mounts above it, as the app inside sees its root path.
        media_type: What it answers with, as far as the framework knows; ``""``.
        auth: The names of the dependencies or decorators that ask for credentials.
        place: Where the endpoint is written.
        via: The prefixes and apps on the way: ``("Mount /admin", "Flask app")``.
        layers: The middleware around it, outermost first.
        catch_all: Whether the template takes any number of further segments.
        heard: Whether the middleware is told, at run time, which endpoint answers,
            so that ``Rule(endpoints=...)`` can match it. Then only are there names
            and tags.
    """

    path: str
    methods: tuple[str, ...] = ()
    kind: Kind = Kind.ENDPOINT
    framework: str = ""
    name: str = ""
    endpoint: Any = field(default=None, compare=False, repr=False)
    tags: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    host: str = ""
    sample: str = ""
    root_path: str = ""
    media_type: str = ""
    auth: tuple[str, ...] = ()
    place: Place | None = None
    via: tuple[str, ...] = ()
    layers: tuple[Layer, ...] = ()
    catch_all: bool = False
    heard: bool = True

    @property
    def qualified(self) -> str:
        """The endpoint's dotted name, ``""`` if it has none."""
        target = self.endpoint
        while hasattr(target, "func"):  # a partial
            target = target.func
        if target is None:
            return ""
        named = target if hasattr(target, "__qualname__") else type(target)
        return f"{named.__module__}.{named.__qualname__}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """One route and one method, with what was decided.

    Attributes:
        route: The route.
        method: ``"GET"``, or ``""`` for what has no methods.
        decision: The outermost middleware's; ``None`` where none applies.
        decided_by: Short: ``"rule 3: /static/**"``, ``"mark"``, ``"default"``,
            ``"nobody"``.
        declared: Whether a rule or a mark names a policy for it, not only the
            default.
        fields: What leaves, as far as it is known without asking the app.
        effects: What becomes of a second request, by the kind of cache:
            ``browser``, ``shared``, ``cdn``.
        observed: What the app was seen to send (``--drive``); ``None``: not asked.
    """

    route: Route
    method: str
    decision: Decision | None
    decided_by: str
    declared: bool
    fields: tuple[tuple[str, str], ...] = ()
    effects: dict[str, Effect] = field(default_factory=dict)
    observed: Observed | None = None

    @property
    def key(self) -> str:
        """``GET /items/{id}``, with the host before the path where there is one."""
        where = f"{self.route.host}{self.route.path}"
        return f"{self.method} {where}" if self.method else where


@dataclass(frozen=True, slots=True)
class Effect:
    """What a kind of cache may do with the response.

    Attributes:
        letter: N never stored, R revalidated each time, P private caches only,
            S stored for a time, H heuristic or unknown, ! private data storable.
        words: One short sentence.
        prediction: By the letter of the RFCs.
        worst: Of the loosest cache that was measured.
    """

    letter: str
    words: str
    prediction: Prediction
    worst: Prediction


@dataclass(frozen=True, slots=True)
class Observed:
    """What the app answered when it was asked (``--drive``)."""

    status: int
    fields: tuple[tuple[str, str], ...]
    problem: str = ""


class Severity(Enum):
    """How bad a finding is; ``rank`` orders them."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"

    @property
    def rank(self) -> int:
        """0 for info, 2 for error."""
        return list(Severity).index(self)


class Confidence(Enum):
    """How sure a finding is."""

    GUESS = "guess"
    LIKELY = "likely"
    CERTAIN = "certain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong, at one place.

    Attributes:
        code: Stable: ``"NC201"``.
        severity: How bad.
        confidence: How sure.
        where: ``GET /items/{id}``, a rule, or the app.
        message: One sentence about this very place.
        why: Why it matters.
        fix: A line to paste, or what to do.
        reference: RFC, ASVS or CWE.
        route: The route, where there is one.
        method: The method, where there is one.
        suppressed: The reason it was suppressed with, ``""`` if it counts.
    """

    code: str
    severity: Severity
    confidence: Confidence
    where: str
    message: str
    why: str
    fix: str
    reference: str
    route: Route | None = None
    method: str = ""
    suppressed: str = ""

    @property
    def fingerprint(self) -> str:
        """What stays the same while lines move: code, place and endpoint."""
        qualified = self.route.qualified if self.route else ""
        text = "\n".join((self.code, self.where, qualified))
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    @property
    def place(self) -> Place | None:
        """Where the endpoint is written."""
        return self.route.place if self.route else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What the checks look at: the rows, and what stands around them.

    Attributes:
        app: What is audited, as it was named: ``"shop.main:app"``.
        rows: Every route and method.
        outside: The middleware around ours, outermost first, by dotted name.
        inside: The middleware between ours and the routes, likewise.
        decorated: What ``nocache`` and ``cache_policy`` made in this process.
        require: Whether each route must have a policy of its own, though the
            default is never-store.
        pedantic: Whether to say also what is only a matter of taste.
        today: By which mode report ends.
    """

    app: str
    rows: tuple[Audited, ...]
    outside: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()
    decorated: tuple[Any, ...] = field(default=(), compare=False, repr=False)
    require: bool = False
    pedantic: bool = False
    today: date = date.min

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Every middleware of ours around any of the rows, each once."""
        found = {id(y.policy_set): y for row in self.rows for y in row.route.layers}
        return tuple(found.values())

    @property
    def driven(self) -> bool:
        """Whether the app was asked for any of the rows."""
        return any(row.observed is not None for row in self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """A whole audit.

    Attributes:
        app: What was audited, as it was named: ``"shop.main:app"``.
        rows: Every route and method.
        findings: All of them, the suppressed included.
        layers: Every middleware found, outermost first.
        hits: By rule (its place in words), how many rows it decides.
        driven: Whether the app was asked (``--drive``).
        looked_for: The codes that this audit could have found.
    """

    app: str
    rows: tuple[Audited, ...]
    findings: tuple[Finding, ...]
    layers: tuple[Layer, ...] = ()
    hits: dict[str, int] = field(default_factory=dict)
    driven: bool = False
    looked_for: frozenset[str] = frozenset()

    def counting(self, at_least: Severity) -> tuple[Finding, ...]:
        """Return the findings that count: not suppressed, not a guess, bad enough."""
        return tuple(
            finding
            for finding in self.findings
            if not finding.suppressed
            and finding.confidence is not Confidence.GUESS
            and finding.severity.rank >= at_least.rank
        )
