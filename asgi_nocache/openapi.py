"""document_openapi(): the policy's ``Cache-Control`` in FastAPI's schema.

Walks the schema and writes into it; duck-typed, so nothing is imported. What may
leave is decided by the audit's survey.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from ._core.decision import Decision
from ._core.errors import ConfigurationError
from .audit.possible import Possible, possible
from .audit.routes.walk import find_routes, inner_app
from .audit.survey import decided_by
from .audit.values import Route

App = TypeVar("App")

_FIELD = "Cache-Control"
_METHODS = frozenset("get put post delete options head patch trace".split())
#: One of each kind of status that policies tell apart without a rule that names it.
_KINDS = (200, 201, 302, 400, 500)
#: Types and formats whose values are no free text.
_NARROW_TYPES = frozenset({"integer", "number", "boolean"})
_NARROW_FORMATS = frozenset({"uuid", "date", "date-time", "time", "ipv4", "ipv6"})
_CONVERTOR = re.compile(r"\{(\w+):\w+\}")
_LONGEST_NAME = 100
_DEPTH = 64


def document_openapi(app: App, *, within: Any = None) -> App:
    """Write into the OpenAPI schema which ``Cache-Control`` each response carries.

    Each response of each operation gets the field, required, with the texts that the
    policy lets it have: one (``const``), or several (``enum``) where it depends on
    what no schema knows, such as a cookie or a value in the path. Where what the app
    sends stands, any text will do. ``x-nocache`` beside it names the rule. Tools such
    as schemathesis (check ``response_headers_conformance``) then hold the app to it.

    A stricter field that an endpoint sends of its own, and ``set_policy`` in it, are
    known only while it runs: declare them with a rule or a decorator.

    Args:
        app: What ``FastAPI()`` returned, after ``install()`` or ``add_middleware``;
            or middleware around it.
        within: The app that serves it, where ours stands further out than *app*: for
            an app that is mounted.

    Returns:
        *app*. Routes may still be added: the schema is made when it is asked for.

    Raises:
        ConfigurationError: There is no FastAPI app in *app*, or no middleware of ours
            around it.
    """
    api = _api_of(app)
    if isinstance(api.openapi, _Documented):
        return app
    documented = _Documented(api, app if within is None else within)
    served = list(documented.served())
    if served and not any(route.layers for _, route in served):
        raise _wrong(
            f"no NoCacheMiddleware stands around {type(api).__name__}, so there is no "
            "policy to document; call install(app) before, or give what "
            "NoCacheMiddleware(app) returned, or within= what a mounted app is in"
        )
    api.openapi = documented
    return app


class _Documented:
    """An app's ``openapi``, with the fields; the app keeps the schema as before."""

    def __init__(self, api: Any, whole: Any) -> None:
        self._api, self._whole = api, whole
        self._plain: Callable[[], dict[str, Any]] = api.openapi
        self._done: Any = None

    def __call__(self) -> dict[str, Any]:
        schema = self._plain()
        if schema is not self._done:  # FastAPI makes it once
            _write(schema, self.served())
            self._done = schema
        return schema

    def served(self) -> Iterator[tuple[str, Route]]:
        """Yield the API's own routes as the whole app serves them.

        Each with its path in the schema, where no prefix of a mount stands.
        """
        routes = find_routes(self._whole)
        for own in find_routes(self._api):
            for route in routes:
                same = route.endpoint is not None and route.endpoint is own.endpoint
                if same and route.path.endswith(own.path):
                    yield _CONVERTOR.sub(r"{\1}", own.path), route


def _write(schema: dict[str, Any], served: Iterable[tuple[str, Route]]) -> None:
    """Write the fields into *schema*."""
    by_path: dict[str, list[Route]] = {}
    for path, route in served:
        by_path.setdefault(path, []).append(route)
    components = _Components(schema)
    for path, item in schema.get("paths", {}).items():
        for method in _METHODS.intersection(item):
            # The first route that takes it answers; of a path, there may be several.
            fitting = (r for r in by_path.get(path, ()) if method.upper() in r.methods)
            if (first := next(fitting, None)) is not None:
                _operation(item, method, first, components)


def _operation(
    item: dict[str, Any], method: str, route: Route, components: _Components
) -> None:
    operation = item[method]
    parameters = [*item.get("parameters", ()), *operation.get("parameters", ())]
    responses = operation.get("responses", {})
    for status, given in responses.items():
        response = components.resolved(given)
        may = possible(
            route,
            method.upper(),
            _statuses(str(status), responses, route),
            response.get("content", ()),
            any_value=any(map(_takes_text, parameters)),
        )
        if may is not None:
            fields = response.get("headers", {})
            others = {n: v for n, v in fields.items() if n.lower() != _FIELD.lower()}
            responses[status] = {
                **response,
                "headers": {**others, _FIELD: components.reference(may)},
                "x-nocache": _reasons(route, may),
            }


def _takes_text(parameter: dict[str, Any]) -> bool:
    """Tell whether a parameter is one of the path, and takes any text."""
    schema = parameter.get("schema", {})
    narrow = (
        schema.get("type") in _NARROW_TYPES
        or schema.get("format") in _NARROW_FORMATS
        or not {"enum", "const"}.isdisjoint(schema)
    )
    return parameter.get("in") == "path" and not narrow


def _statuses(key: str, declared: Iterable[str], route: Route) -> list[int]:
    """Return the statuses that *key* stands for, one of each kind."""
    if key.isdecimal():
        return [int(key)]
    rules = (rule for layer in route.layers for rule in layer.policy_set.rules)
    named = {s for rule in rules for s in rule.conditions.status or () if s >= 200}
    known = {*_KINDS, *named}
    first = key[:1]
    if first.isdecimal():  # "4XX"
        known = {s for s in {*known, int(first) * 100} if str(s)[0] == first}
    taken = set(map(str, declared)) - {key}
    ranges = {each[0] for each in taken if each[1:].upper() == "XX"}
    if key == "default":
        known = {s for s in known if str(s)[0] not in ranges}
    fallback = int(first) * 100 if first.isdecimal() else 500
    return sorted(s for s in known if str(s) not in taken) or [fallback]


def _reasons(route: Route, may: Possible) -> dict[str, Any]:
    """Return what decides, and what decides otherwise."""
    others = [d for d in may.texts.values() if d is not may.decision]
    out = _reason(route, may.decision)
    if others:
        out["otherwise"] = [_reason(route, each) for each in others]
    return out


def _reason(route: Route, decision: Decision) -> dict[str, Any]:
    policy = decision.policy or (decision.cache_control or "as the app sends it")
    out: dict[str, Any] = {"rule": decided_by(route, decision), "decision": f"{policy}"}
    if decision.guards:
        out["guards"] = list(decision.guards)
    return out


class _Components:
    """The schema's shared components: one header for each set of texts."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._schema = schema
        self._one = "enum" if schema.get("openapi", "").startswith("3.0") else "const"

    def resolved(self, response: dict[str, Any]) -> dict[str, Any]:
        """Return *response*, or the shared one that it refers to."""
        _, shared, name = response.get("$ref", "").rpartition("#/components/responses/")
        found: dict[str, Any] = self._schema.get("components", {}).get("responses", {})
        return found[name] if shared and name in found else response

    def reference(self, may: Possible) -> dict[str, str]:
        """Return a reference to the header that says what *may* leave."""
        texts = sorted(may.texts) if may.closed else []
        header = {
            "description": "What caches may do with the response (RFC 9111).",
            "required": may.always,
            "schema": {"type": "string", **self._allowed(texts)},
        }
        headers = self._schema.setdefault("components", {}).setdefault("headers", {})
        name = _name(texts, required=may.always)
        while headers.setdefault(name, header) != header:
            name += "_"
        return {"$ref": f"#/components/headers/{name}"}

    def _allowed(self, texts: list[str]) -> dict[str, Any]:
        if len(texts) == 1 and self._one == "const":
            return {"const": texts[0]}
        return {"enum": texts} if texts else {}


def _name(texts: list[str], *, required: bool) -> str:
    """Return a component's name, from what it says alone."""
    if not texts:
        return f"{_FIELD}.{'any' if required else 'any-or-none'}"
    said = ".or.".join(re.sub(r"[^A-Za-z0-9]+", "-", text) for text in texts)
    if len(said) > _LONGEST_NAME:
        mark = hashlib.sha256(said.encode()).hexdigest()[:8]
        said = f"{said[:_LONGEST_NAME]}.{mark}"
    return f"{_FIELD}.{said}"


def _api_of(app: Any) -> Any:
    """Return the FastAPI app that *app* is, or has in it."""
    inner = app
    for _ in range(_DEPTH):
        if callable(getattr(inner, "openapi", None)) and hasattr(inner, "setup"):
            return inner
        inner = inner_app(inner)
        if inner is None:
            break
    raise _wrong(
        f"{app!r} is no FastAPI app, nor middleware around one; give what FastAPI() "
        "returned"
    )


def _wrong(problem: str) -> ConfigurationError:
    return ConfigurationError("document_openapi()", [problem])
