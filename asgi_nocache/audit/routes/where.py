"""Where a walk through an app is: the prefixes, the layers, and what lies before.

A value that grows on the way in; routes are made from it. Frameworks stay outside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from ..._core.readings import relative_path
from ..values import Kind, Layer, Place, Route
from .endpoints import asked_first, auth_of, place_of
from .samples import encoded

#: Tells whether a request gets past a router to what is looked at: the decoded
#: path with all its prefixes, the method, and whether it is a websocket's.
Gate = Callable[[str, str, bool], bool]
#: How deep apps may stand in each other.
DEPTH = 64


@dataclass(frozen=True, slots=True)
class Where:
    """A place in an app.

    Attributes:
        path: The template of the prefixes.
        sample: The same, concrete; ``None`` if none could be made.
        root_path: What the app at this place takes for its root path.
        host: The host that is asked for.
        via: What was passed on the way.
        layers: Our middleware on the way, outermost first.
        seen: The identities of what was passed, to notice circles.
        gates: What the routers on the way ask of a request.
        mounted: What the last router names as the endpoint.
        name: What the last router calls it.
        heard: Whether the middleware is told which endpoint answers.
    """

    path: str = ""
    sample: str | None = ""
    root_path: str = ""
    host: str = ""
    via: tuple[str, ...] = ()
    layers: tuple[Layer, ...] = ()
    seen: frozenset[int] = frozenset()
    gates: tuple[Gate, ...] = ()
    mounted: Any = None
    name: str = ""
    heard: bool = True

    @property
    def nested(self) -> bool:
        """Whether a router or a prefix stands outside."""
        return bool(self.path or self.host) or self.mounted is not None

    def inside(self, app: Any) -> Where | None:
        """Return this place within *app*; ``None`` where that goes in circles."""
        if id(app) in self.seen or len(self.seen) >= DEPTH:
            return None
        return replace(self, seen=self.seen | {id(app)})

    def past(self, *names: str) -> Where:
        """Return this place behind what has these names."""
        return replace(self, via=(*self.via, *names))

    def under(self, *layers: Layer) -> Where:
        """Return this place under middleware of ours, outermost first."""
        return replace(self, layers=(*self.layers, *layers))

    def behind(self, gate: Gate) -> Where:
        """Return this place, where *gate* must let requests pass."""
        return replace(self, gates=(*self.gates, gate))

    def below(
        self, path: str, samples: Iterable[str], *, mounted: Any = None, name: str = ""
    ) -> Where:
        """Return the place below a prefix that the gates let pass, with a root path."""
        sample = self._first(samples, "GET", rest="/")
        above = self.root_path.rstrip("/")
        root = sample or above
        if sample and relative_path(sample, above) == sample:
            # A root path that the app set itself must be in what goes on.
            root = sample = above + sample
        return replace(
            self,
            path=self.path + path,
            sample=sample,
            root_path=root,
            mounted=mounted,
            name=name,
            via=(*self.via, f"Mount {path}") if path else self.via,
        )

    def relative(self, path: str) -> str:
        """Return a decoded *path* as the app at this place sees it."""
        return relative_path(path, self.root_path.rstrip("/"))

    def reaching(
        self, samples: Iterable[str], method: str, *, websocket: bool = False
    ) -> str:
        """Return the first of *samples*, below this place, that the gates let pass.

        Returns:
            It with its prefixes, as a request has it, or ``""``.
        """
        found = self._first(samples, method, websocket=websocket)
        return "" if found is None else encoded(found or "/")

    def _first(
        self, samples: Iterable[str], method: str, *, rest: str = "",
        websocket: bool = False,
    ) -> str | None:  # fmt: skip
        if self.sample is None:
            return None
        for each in samples:
            path = self.sample + each
            if all(gate(path + rest or "/", method, websocket) for gate in self.gates):
                return path
        return None

    def route(
        self,
        path: str,
        samples: Iterable[str],
        *,
        methods: tuple[str, ...] = (),
        kind: Kind = Kind.ENDPOINT,
        endpoint: Any = None,
        auth: Iterable[str] = (),
        host: str = "",
        tags: Iterable[str] = (),
        names: Iterable[str] = (),
        **more: Any,
    ) -> Route:
        """Return a route at this place.

        What the middleware is not told of, rules cannot ask for: then there are no
        names and no tags.
        """
        stream = kind is Kind.STREAM
        sample = self.reaching(samples, asked_first(methods), websocket=stream)
        place: Place | None = None
        if endpoint is not None:
            place = place_of(endpoint)
            auth = dict.fromkeys((*auth, *auth_of(endpoint)))
        return Route(
            path=self.path + path or "/",
            sample=sample,
            methods=methods,
            kind=kind,
            endpoint=endpoint,
            heard=self.heard,
            tags=frozenset(tags if self.heard else ()),
            names=frozenset(names if self.heard else ()),
            auth=tuple(auth),
            place=place,
            host=host or self.host,
            root_path=self.root_path,
            via=self.via,
            layers=self.layers,
            **more,
        )

    def opaque(self, app: Any, why: str = "") -> Route:
        """Return a route for all that *app* answers, which cannot be seen."""
        place = self.past(why) if why else self
        return place.everything(app, Kind.OPAQUE, ("/a/b", "/"))

    def everything(self, app: Any, kind: Kind, samples: Iterable[str]) -> Route:
        """Return a route for all that *app* answers below this place.

        The last router, if there is one, names what it hands on to as the endpoint.
        """
        told = replace(self, heard=self.heard and self.mounted is app)
        return told.route(
            "/{path:path}",
            samples,
            kind=kind,
            methods=("GET", "HEAD") if kind is Kind.STATIC else (),
            endpoint=app,
            name=self.name,
            catch_all=True,
        )


#: What frameworks hand on to: the routes of an app at a place.
Walk = Callable[[Any, Where], Iterator[Route]]
