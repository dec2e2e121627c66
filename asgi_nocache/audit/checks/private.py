"""NC2: whether what is meant for one user can reach another, or a later moment.

Who asks for credentials is known by the names of dependencies and decorators only,
so most of it is likely, and not certain.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any, get_args

from ..._core.facts import RequestFacts
from ..._core.strictness import Level
from ..._endpoint_marks import find_marks
from ...reuse import Outcome
from ..credentials import requests_for
from ..effects import outcome_of
from ..survey import decide_for, fields_out
from ..values import Audited, Confidence, Finding, Kind, Survey
from .views import (
    Field,
    answers,
    found,
    how_to_install,
    ones,
    relaxes,
    seen,
    several,
    values_of,
)

_LEAVES = re.compile(
    r"(?:^|[/_.-])(?:log|sign)[_-]?(?:out|off)(?:$|[/_.-])", re.IGNORECASE
)
_ACTS = re.compile(r"(?i:/(?:delete|remove|create|update|reset|destroy)/?$)")
#: Fields that an endpoint may ask for, and that change what it answers.
_ASKED = {"accept_language": "Accept-Language", "authorization": "Authorization"}


def shared(survey: Survey) -> Iterator[Finding]:
    """NC201, and NC204 where the policy says it in words."""
    for row in ones(r for r in answers(survey) if r.route.auth):
        asks = f"asks for {', '.join(row.route.auth)}"
        if (fields := seen(row)) is not None and row.decision is None:
            text = ", ".join(values_of(fields, "cache-control"))
            if text and _shared_may_store(row, fields, ()):
                message = f"{row.key} {asks}, and was seen to send {text}"
                yield found(survey, "NC201", row.key, message, row=row)
        elif source := _says_public(row):
            message = f"{row.key} {asks}, and {source} says public"
            yield found(survey, "NC204", row.key, message, row=row)
        elif way := _leaks(row):
            message = f"{row.key} {asks}, and a shared cache may store what {way} gets"
            yield found(survey, "NC201", row.key, message, row=row)


def _says_public(row: Audited) -> str:
    """Return what says public in words, and is heard."""
    decision = row.decision
    if decision is None or decision.cache_control.strictness.shared is Level.NO_STORE:
        return ""
    for choice in decision.selection.choices:
        control = choice.policy.cache_control
        if control and (control.public or control.s_maxage is not None):
            return choice.source
    return ""


def _leaks(row: Audited) -> str:
    """Return the kind of request whose answer a shared cache may store."""
    decision = row.decision
    if decision is None or (decision.never_store and not relaxes(row.route)):
        return ""
    for lines in requests_for(row.route.auth):
        decision = decide_for(row.route, row.method, request_fields=lines)
        if _shared_may_store(row, fields_out(decision), lines):
            return f"a request with {lines[0][0]}" if lines else "a request"
    return ""


def _shared_may_store(
    row: Audited, fields: tuple[Field, ...], request_fields: tuple[Field, ...]
) -> bool:
    lines = tuple((n.encode(), v.encode()) for n, v in request_fields)
    request = RequestFacts(row.method, row.route.sample or "/", lines)
    status = row.observed.status if row.observed and row.observed.status else 200
    told = outcome_of(request, status, fields, "shared")
    return told.outcome is not Outcome.NOT_STORED


def cookies(survey: Survey) -> Iterator[Finding]:
    """NC202: one finding for all that leave without a word about caching."""
    silent = []
    for row in ones(answers(survey)):
        fields = seen(row) or ()
        if not values_of(fields, "set-cookie"):
            continue
        if not _shared_may_store(row, fields, ()):
            continue
        text = ", ".join(values_of(fields, "cache-control"))
        if text or row.decision is not None:
            message = f"{row.key} sets a cookie, and sends {text or 'no Cache-Control'}"
            yield found(survey, "NC202", row.key, message, row=row)
        else:
            silent.append(row)
    if silent:
        yield found(
            survey,
            "NC202",
            survey.app,
            f"{several(silent)} set a cookie, and say nothing about caching",
            fix="{app} = NoCacheMiddleware({app})",
            confidence=Confidence.LIKELY,
        )


def varies(survey: Survey) -> Iterator[Finding]:
    """NC203: by what an endpoint's parameters ask for."""
    for row in ones(answers(survey)):
        decision = row.decision
        if decision is None or row.method != "GET":
            continue
        if decision.cache_control.strictness.shared is Level.NO_STORE:
            continue
        fields = seen(row) or row.fields
        named = ",".join(values_of(fields, "vary")).lower()
        for name in _asked_fields(row.route.endpoint):
            if name.lower() not in named and "*" not in named:
                yield found(
                    survey,
                    "NC203",
                    row.key,
                    f"{row.key} reads {name}, and a shared cache may give its answer "
                    "to requests with another",
                    row=row,
                    field=name,
                )


def _asked_fields(endpoint: Any) -> Iterator[str]:
    """Yield the fields that *endpoint* asks for as FastAPI's endpoints do."""
    try:
        parameters = inspect.signature(endpoint).parameters.values()
    except (TypeError, ValueError):
        return
    cookies_too = False
    for parameter in parameters:
        given = (parameter.default, *get_args(parameter.annotation))
        kinds = {type(each).__name__ for each in given}
        if "Cookie" in kinds:
            cookies_too = True
        elif "Header" in kinds and parameter.name in _ASKED:
            yield _ASKED[parameter.name]
    if cookies_too:
        yield "Cookie"


def guessed(survey: Survey) -> Iterator[Finding]:
    """NC205: one finding for the app, since one line mends it."""
    rows = [
        row
        for row in ones(answers(survey))
        if row.method == "GET" and row.decision is None and _is_wordless_json(row)
    ]
    if rows:
        asked = all(seen(row) is not None for row in rows)
        verb = "leaves" if len(rows) == 1 else "leave"
        yield found(
            survey,
            "NC205",
            survey.app,
            f"{several(rows)} {verb} as JSON without a word about caching",
            fix=how_to_install(rows),
            confidence=None if asked else Confidence.LIKELY,
        )


def _is_wordless_json(row: Audited) -> bool:
    fields = seen(row)
    if fields is not None:
        names = {name.lower() for name, _ in fields}
        said = names & {"cache-control", "expires", "pragma"}
        media = "".join(values_of(fields, "content-type"))
        ok = row.observed is not None and row.observed.status < 300
        return ok and not said and "json" in media
    marked = row.route.endpoint and find_marks(row.route.endpoint, row.method)
    own = row.route.kind is Kind.ENDPOINT
    return own and "json" in row.route.media_type and not marked


def errors(survey: Survey) -> Iterator[Finding]:
    """NC206: by the guard that is off."""
    for layer in survey.layers:
        rules = layer.policy_set
        unguarded = [] if rules.default.never_store else ["the default"]
        for number, rule in enumerate(rules.rules, 1):
            if rule.conditions.status is not None or rule.policy.never_store:
                continue
            name = f"rule {number}, {rule!r}"
            if rule.guards is None:
                unguarded.append(name)
            elif "error_status" not in rule.guards:
                message = f"{name}, holds for errors, too: its guard is off"
                yield found(survey, "NC206", repr(rule), message)
        if unguarded and "error_status" not in rules.guards:
            more = f" and {len(unguarded) - 1} more" if unguarded[1:] else ""
            message = (
                f"error_status is off, so {unguarded[0]}{more} holds for errors, too"
            )
            yield found(survey, "NC206", f"guards of {survey.app}", message)


def leaving(survey: Survey) -> Iterator[Finding]:
    """NC207: by what a route is called."""
    for row in ones(answers(survey)):
        if row.decision is None:
            continue
        called = f"{row.route.path} {row.route.name}"
        if any(_LEAVES.search(each) for each in called.split()):
            if not _clears(row):
                message = f"{row.key} ends a session, and leaves the browser's cache"
                yield found(survey, "NC207", row.key, message, row=row)
        elif row.method == "GET" and _ACTS.search(row.route.path):
            message = f"{row.key} seems to change something, by its name"
            yield found(
                survey,
                "NC207",
                row.key,
                message,
                row=row,
                fix='answer to POST instead, as in methods=["POST"] at {endpoint}',
                confidence=Confidence.GUESS,
            )


def _clears(row: Audited) -> bool:
    policies = row.decision.selection.policies if row.decision else ()
    fields = seen(row) or ()
    asked = any(policy.clear_site_data for policy in policies)
    return asked or bool(values_of(fields, "clear-site-data"))


RUN = {
    shared: ("NC201", "NC204"),
    cookies: ("NC202",),
    varies: ("NC203",),
    guessed: ("NC205",),
    errors: ("NC206",),
    leaving: ("NC207",),
}
