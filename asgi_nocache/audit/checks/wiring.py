"""NC3: whether the middleware stands where its policy can hold.

An app without any gets one finding, not one for each route.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import pairwise

from ..values import Audited, Finding, Layer, Severity, Survey
from .views import answers, found, how_to_install, ones, several

#: What may stand outside: it answers nothing that caches keep, and writes no field
#: that the guards look at.
_HARMLESS = (
    "starlette.middleware.gzip.",
    "starlette.middleware.cors.",
    "starlette.middleware.trustedhost.",
    "starlette.middleware.httpsredirect.",
    "uvicorn.middleware.",
    "hypercorn.middleware.",
    "werkzeug.middleware.proxy_fix.",
    "asgi_correlation_id.",
    "opentelemetry.",
    "sentry_sdk.",
    "elasticapm.",
    "ddtrace.",
    "newrelic.",
    "prometheus_fastapi_instrumentator.",
    "starlette_exporter.",
    "brotli_asgi.",
)
#: What is known to write such fields, or to answer by itself.
_WRITERS = {
    "starlette.middleware.sessions.": "sets its cookie after our guards have looked",
    "starlette.middleware.authentication.": "answers errors by itself",
    "secure.": "writes Cache-Control",
    "Secweb.": "writes Cache-Control",
}
#: Caches within the app: what they answer, they decided long ago.
_CACHES = {
    "hishel.": "caches by itself, and writes Cache-Control",
    "starlette_caches.": "keeps responses by itself",
    "starcache.": "keeps responses by itself",
    "fastapi_cachex.": "keeps responses by itself",
    "fastapi_cache.": "keeps responses by itself",
    "asgi_caches.": "keeps responses by itself",
    "flask_caching.": "keeps responses by itself",
}
#: What only writes the same fields: ours takes the stricter of both.
_SETTERS = {
    "secure.": "writes Cache-Control",
    "Secweb.": "writes Cache-Control",
    "whitenoise.": "writes Cache-Control on static files",
}


def missing(survey: Survey) -> Iterator[Finding]:
    """NC301, or NC305 where a part is covered."""
    rows = answers(survey)
    bare = [row for row in rows if not row.route.layers]
    if not bare:
        return
    if len(bare) == len(rows):
        extra = ", though decorators are used" if survey.decorated else ""
        yield found(
            survey,
            "NC301",
            survey.app,
            f"no NoCacheMiddleware stands around {several(ones(bare))}{extra}",
            fix=how_to_install(rows),
        )
        return
    parts: dict[str, list[Audited]] = {}
    for row in bare:
        parts.setdefault(_part(row), []).append(row)
    for part, those in parts.items():
        message = f"no NoCacheMiddleware stands around {several(ones(those))}"
        yield found(survey, "NC305", part, f"{message}, unlike other routes")


def _part(row: Audited) -> str:
    """Return the part of the app that *row* is in."""
    for each in row.route.via:
        if each.startswith(("Mount ", "Host ")):
            return each
    return "/" + row.route.path.strip("/").partition("/")[0]


def escapes(survey: Survey) -> Iterator[Finding]:
    """NC302: what ``add_middleware`` does not cover."""
    for layer, rows in _outermost(survey):
        if layer.form != "add_middleware":
            continue
        limits = any(row.route.framework == "fastapi" for row in rows)
        body = " and FastAPI's 413 for a body over its limit leave" if limits else ""
        yield found(
            survey,
            "NC302",
            survey.app,
            "the middleware was added with add_middleware, so the 500 for an unhandled "
            f"exception{body or ' leaves'} without its fields",
        )


def _outermost(survey: Survey) -> Iterator[tuple[Layer, list[Audited]]]:
    groups: dict[int, tuple[Layer, list[Audited]]] = {}
    for row in survey.rows:
        if row.route.layers:
            layer = row.route.layers[0]
            groups.setdefault(id(layer.policy_set), (layer, []))[1].append(row)
    yield from groups.values()


def outside(survey: Survey) -> Iterator[Finding]:
    """NC303."""
    for name in survey.outside if survey.layers else ():
        if name.startswith(_HARMLESS):
            continue
        does = _known(name, {**_WRITERS, **_CACHES})
        yield found(
            survey,
            "NC303",
            name,
            f"{name} stands outside the middleware, and "
            f"{does or 'may answer by itself'}",
            severity=None if does else Severity.WARNING,
        )


def twice(survey: Survey) -> Iterator[Finding]:
    """NC304: two with the same root path have no mount between them."""
    told = set()
    for row in survey.rows:
        layers = row.route.layers
        for outer, inner in pairwise(layers):
            key = (id(outer.policy_set), id(inner.policy_set))
            if outer.root_path != inner.root_path or row.route.host or key in told:
                continue
            told.add(key)
            yield found(
                survey,
                "NC304",
                f"{outer.form} around {inner.form}",
                f"{row.key} stands under two instances ({outer.form} around "
                f"{inner.form}) with no mount between",
            )


def conflicting(survey: Survey) -> Iterator[Finding]:
    """NC306: caches, and milder, what only writes the same fields."""
    for name in survey.inside if survey.layers else ():
        cache, setter = _known(name, _CACHES), _known(name, _SETTERS)
        if cache:
            yield found(survey, "NC306", name, f"{name} {cache}, inside ours")
        elif setter:
            yield found(
                survey,
                "NC306",
                name,
                f"{name} {setter}; the stricter of both leaves",
                severity=Severity.INFO,
                why="Whoever reads its configuration expects what does not leave.",
                fix="say it in a rule, and switch it off there",
            )


def _known(name: str, table: dict[str, str]) -> str:
    return next((does for part, does in table.items() if name.startswith(part)), "")


def reporting(survey: Survey) -> Iterator[Finding]:
    """NC307: for all, or for the routes of a rule; milder before its last day."""
    for layer in survey.layers:
        rules = layer.policy_set
        switch = _switch_of(layer)
        until: date | None = getattr(layer.middleware, "report_until", None)
        over = until is not None and survey.today > until
        ends = "" if until is None else f", until {until}"
        ends = f", which was to end on {until}" if over else ends
        if rules.mode == "report" or switch:
            how = f"ASGI_NOCACHE_MODE={switch}" if switch else f'mode="report"{ends}'
            message = f"the middleware ({layer.form}) changes no response: {how}"
            milder = Severity.WARNING if ends and not (over or switch) else None
            where = f"mode of {survey.app}"
            yield found(survey, "NC307", where, message, severity=milder)
            continue
        for number, rule in enumerate(rules.rules, 1):
            if rule.mode == "report":
                yield found(
                    survey,
                    "NC307",
                    repr(rule),
                    f"rule {number}, {rule!r}, only reports{ends}",
                    severity=None if over else Severity.WARNING,
                    fix='drop its mode="report"',
                )


def _switch_of(layer: Layer) -> str:
    middleware = layer.middleware
    switched = getattr(middleware, "_switched", None)  # under ASGI
    switch = getattr(switched, "_switch", "") or getattr(middleware, "_switch", "")
    return str(switch)


RUN = {
    missing: ("NC301", "NC305"),
    escapes: ("NC302",),
    outside: ("NC303",),
    twice: ("NC304",),
    conflicting: ("NC306",),
    reporting: ("NC307",),
}
