"""What all checks share: views of a survey, and how a finding is made.

What is wrong with a row is the families' business.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ..._core.patterns import KINDS, parse
from ..values import (
    Audited,
    Confidence,
    Finding,
    Kind,
    Layer,
    Route,
    Severity,
    Survey,
)
from .catalogue import SAMPLE
from .table import CHECKS

Field = tuple[str, str]

_PARAMETER = re.compile(
    r"\{(?P<name>\w+)(?::(?P<kind>\w+))?\}"
    r"|<(?:(?P<type>\w+)(?:\([^<>]*\))?:)?(?P<variable>\w+)>"
)
#: What caches in front do not keep and nobody declares.
_ASIDE = frozenset({"OPTIONS", "TRACE"})
_CONFIDENCES = tuple(Confidence)
#: By framework: how ours is put around an app.
_INSTALL = {
    "starlette": "from asgi_nocache.starlette import install; install({app})",
    "fastapi": "from asgi_nocache.starlette import install; install({app})",
    "flask": (
        "asgi_app = as_asgi({app}), from asgi_nocache.flask; or, under WSGI, "
        "{app}.wsgi_app = NoCacheWSGIMiddleware({app}.wsgi_app), from asgi_nocache.wsgi"
    ),
    "django": "application = NoCacheMiddleware(get_asgi_application())",
}


def found(
    survey: Survey,
    code: str,
    where: str,
    message: str,
    *,
    row: Audited | None = None,
    why: str = "",
    fix: str = "",
    severity: Severity | None = None,
    confidence: Confidence | None = None,
    **words: str,
) -> Finding:
    """Return a finding as the table has it, or a milder and less sure one.

    Args:
        survey: What was looked at.
        code: The check's code.
        where: The place in words, which stays the same while other places change.
        message: One sentence about this very place.
        row: The row, where it is about one.
        why: Why it matters, if the table does not say it well.
        fix: What to do, likewise; a template, too.
        severity: How bad, if it is milder than the table says.
        confidence: How sure, if it is less than the table says.
        words: What else the fix asks for.
    """
    check = CHECKS[code]
    route = row.route if row else None
    filled = {**SAMPLE, "app": app_variable(survey.app), **words}
    if route is not None:
        filled |= {"rule": repr(rule_path(route)), "endpoint": endpoint_words(route)}
    return Finding(
        code=code,
        severity=min(check.severity, severity or check.severity, key=lambda s: s.rank),
        confidence=min(
            check.confidence, confidence or check.confidence, key=_CONFIDENCES.index
        ),
        where=where,
        message=message,
        why=why or check.why,
        fix=(fix or check.fix).format(**filled),
        reference=check.reference,
        route=route,
        method=row.method if row else "",
    )


def app_variable(app: str) -> str:
    """Return what the app is called in its module: ``app`` of ``shop.main:app``."""
    name = app.rpartition(":")[2]
    return name if name.replace(".", "").isidentifier() else "app"


def endpoint_words(route: Route) -> str:
    """Return the endpoint's name and place, as far as they are known."""
    name = route.qualified.rpartition(".")[2] or route.name or "the endpoint"
    return f"{name} at {route.place}" if route.place else name


def rule_path(route: Route) -> str:
    """Return a route's path as a rule would write it, from the outermost layer."""
    root = route.layers[0].root_path if route.layers else ""
    path = route.path
    if root and path.startswith(root.rstrip("/") + "/"):
        path = path[len(root.rstrip("/")) :]
    pattern = "/" + "/".join(map(_segment, path.split("/")[1:]))
    below = route.catch_all or route.kind in (Kind.STATIC, Kind.OPAQUE)
    if below and not re.search(r"(\*\*|:path\})$", pattern):
        pattern = pattern.rstrip("/") + "/**"
    try:
        parse(pattern)
    except ValueError:  # a path that no pattern says exactly
        return "/**"
    return pattern


def _segment(text: str) -> str:
    """Return a segment of a template in the grammar of rules."""
    parameters = list(_PARAMETER.finditer(text))
    if not parameters:
        return text
    first, last = parameters[0], parameters[-1]
    if first.span() != (0, len(text)):  # one wildcard is all that a segment may have
        return f"{text[: first.start()]}*{text[last.end() :]}"
    name, kind = first["name"] or first["variable"], first["kind"] or first["type"]
    if kind == "path":
        return "**"
    return f"{{{name}:{kind}}}" if kind in KINDS else f"{{{name}}}"


def answers(survey: Survey) -> list[Audited]:
    """Return the rows that answer over HTTP, by a method that caches may keep."""
    return [
        row
        for row in survey.rows
        if row.method and row.method not in _ASIDE and row.route.kind is not Kind.STREAM
    ]


def by_path(rows: Iterable[Audited]) -> Iterator[list[Audited]]:
    """Yield the rows of each path together, GET first."""
    paths: dict[tuple[str, str], list[Audited]] = {}
    for row in rows:
        paths.setdefault((row.route.host, row.route.path), []).append(row)
    for group in paths.values():
        yield sorted(group, key=lambda row: row.method != "GET")


def ones(rows: Iterable[Audited]) -> list[Audited]:
    """Return one row for each path, that of GET where there is one."""
    return [group[0] for group in by_path(rows)]


def several(rows: Iterable[Audited]) -> str:
    """Return *rows* in words: how many, and the first of them."""
    keys = list(dict.fromkeys(row.key for row in rows))
    if len(keys) == 1:
        return keys[0]
    return f"{len(keys)} routes ({', '.join(keys[:3])}{', ...' if keys[3:] else ''})"


def values_of(fields: Iterable[Field], name: str) -> list[str]:
    """Return the values of all lines called *name* (lower case)."""
    return [value for each, value in fields if each.lower() == name]


def seen(row: Audited) -> tuple[Field, ...] | None:
    """Return the fields that were seen to leave, ``None`` if none were."""
    if row.observed is None or row.observed.problem:
        return None
    return row.observed.fields


def rules_at(layer: Layer, path: str) -> set[int]:
    """Return the numbers of the rules whose path matches a spelling of *path*."""
    found = layer.policy_set.for_readings(path, layer.root_path)
    return {number for numbered in found.spelled for number, _ in numbered}


def relaxes(route: Route) -> bool:
    """Tell whether a rule or a default around *route* is not never-store."""
    return any(
        not policy.never_store
        for layer in route.layers
        for policy in (
            layer.policy_set.default,
            *(rule.policy for rule in layer.policy_set.rules),
        )
    )


def how_to_install(rows: Iterable[Audited]) -> str:
    """Return the line that puts ours around the app of *rows*, ``""`` for any."""
    return _INSTALL.get(
        next((r.route.framework for r in rows if r.route.framework), ""), ""
    )
