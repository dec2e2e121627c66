"""Surveys made by hand, for tests of the checks."""

import re
import warnings
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from asgi_nocache import NO_STORE, Policy, Rule
from asgi_nocache._core.guards import ALL_GUARDS
from asgi_nocache._core.rules import Mode, RuleSet
from asgi_nocache.audit.checks import run_checks
from asgi_nocache.audit.survey import survey
from asgi_nocache.audit.values import Finding, Layer, Observed, Route, Survey

APP = "shop.main:app"


def layer(
    *rules: Rule,
    default: Policy = NO_STORE,
    mode: Mode = "stricter",
    guards: Iterable[str] = ALL_GUARDS,
    form: str = "wrapped",
    root_path: str = "",
    middleware: Any = None,
) -> Layer:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rule_set = RuleSet(rules, default=default, mode=mode, guards=guards)
    return Layer(rule_set, form, root_path, middleware)


def route(path: str, *layers: Layer, **given: Any) -> Route:
    """Return a route, a GET endpoint of Starlette's if nothing else is said."""
    sample = re.sub(r"\{[^{}]*\}|<[^<>]*>", "1", path)
    values: dict[str, Any] = {
        "methods": ("GET",),
        "framework": "starlette",
        "sample": sample,
        "layers": layers,
        **given,
    }
    return Route(path=path, **values)


def look(*routes: Route, **options: Any) -> Survey:
    return Survey(app=APP, rows=survey(routes), **options)


def one(*rules: Rule, path: str = "/items", **given: Any) -> Survey:
    """Return a survey of one route under one middleware with *rules*."""
    of_layer = {k: given.pop(k) for k in ("default", "guards", "mode") if k in given}
    return look(route(path, layer(*rules, **of_layer), **given))


def seen(looked: Survey, *fields: tuple[str, str], status: int = 200) -> Survey:
    """Return *looked* with all of its rows answered so."""
    observed = Observed(status, fields)
    rows = tuple(replace(row, observed=observed) for row in looked.rows)
    return replace(looked, rows=rows)


def codes(looked: Survey) -> set[str]:
    return {finding.code for finding in run_checks(looked)}


def only(looked: Survey, code: str) -> Finding:
    """Return the one finding with this code."""
    found = [finding for finding in run_checks(looked) if finding.code == code]
    assert len(found) == 1, found
    return found[0]


def told(looked: Survey, code: str) -> list[Finding]:
    return [finding for finding in run_checks(looked) if finding.code == code]
