"""A policy without an app: a configuration file in place of routes.

Which paths its rules are for, one sample of each, so that an edge can be asked and a
request explained. What is decided for them is survey's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .._core.patterns import REST, TAIL, Segment, Wildcard, parse
from .._core.rules import RuleSet
from ..config import Config
from ..middleware import NoCacheMiddleware
from ..wsgi import NoCacheWSGIMiddleware
from .load import Loaded
from .routes.samples import COMMON
from .values import Kind, Layer, Route

FORM = "a configuration file"
#: In place of any number of segments.
_BELOW = "a/b"


def anywhere(policy_set: RuleSet) -> Route:
    """Return a route that takes every path, under *policy_set*."""
    return Route(
        path="/{path:path}",
        kind=Kind.OPAQUE,
        catch_all=True,
        via=("no app was named, so its routes are not known",),
        layers=(_layer(policy_set),),
    )


def routes_of(policy_set: RuleSet) -> tuple[Route, ...]:
    """Return a route for each path that a rule names, and one for the root."""
    layers = (_layer(policy_set),)
    found = {"/": "/"}
    for rule in policy_set.rules:
        if isinstance(rule.path, str):
            found.setdefault(rule.path, "/" + "/".join(_samples(parse(rule.path))))
    return tuple(
        Route(path=path, sample=sample, methods=("GET",), layers=layers)
        for path, sample in found.items()
    )


def wrapped(loaded: Loaded, config: str | Config) -> Loaded:
    """Return an app with the policy of *config*, a file, around it, as it would be.

    Raises:
        ConfigurationError: The file is wrong, or the app has a middleware already.
    """
    # Under WSGI, Flask's app keeps its routes on itself.
    wsgi = hasattr(loaded.app, "url_map") and hasattr(loaded.app, "wsgi_app")
    made: Any = NoCacheWSGIMiddleware if wsgi else NoCacheMiddleware
    return Loaded(made(loaded.app, config=config), loaded.name)


def _layer(policy_set: RuleSet) -> Layer:
    return Layer(policy_set, FORM)


def _samples(segments: tuple[Segment, ...]) -> Iterator[str]:
    for segment in segments:
        if segment in (REST, TAIL):
            yield _BELOW
        elif isinstance(segment, Wildcard):
            tried = (segment.prefix + value + segment.suffix for value in COMMON)
            yield next(filter(segment.matches, tried))
        else:
            yield str(segment)
