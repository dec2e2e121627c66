"""What is done with each response besides: counted, shown, enforced by share."""

from __future__ import annotations

import datetime
import logging
import re
import subprocess
import sys
from typing import Any

import flask
import http_sf
import pytest
from asgi_driver import NO_STORE_FIELDS, NO_STORE_LINE, http_scope, run, sending, start
from fastapi import FastAPI, Response
from opentelemetry import metrics as api
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from asgi_nocache import (
    APP_DECIDES,
    NO_STORE,
    PUBLIC,
    REVALIDATE,
    ConfigurationError,
    NoCacheMiddleware,
    Rule,
    _otel,
    _watch,
    nocache,
)
from asgi_nocache._rollout import is_enforced, warn_if_over
from asgi_nocache.config import read_config
from asgi_nocache.flask import as_asgi
from asgi_nocache.starlette import install
from asgi_nocache.wsgi import NoCacheWSGIMiddleware

OK = start([(b"x-own", b"1")])
SOME_DAY = datetime.date(2999, 1, 1)


@pytest.fixture(autouse=True)
def _anywhere(monkeypatch):
    for name in _watch.STAGES:
        monkeypatch.delenv(name, raising=False)


# metrics


class Read:
    """What was counted, by the values of attributes."""

    def __init__(self, reader: InMemoryMetricReader) -> None:
        self._reader = reader

    def __call__(self, name: str = "asgi_nocache.responses") -> list[dict[str, Any]]:
        data = self._reader.get_metrics_data()
        if data is None:
            return []
        points = [
            point
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == name
            for point in metric.data.data_points
        ]
        return [{**dict(p.attributes), "count": p.value} for p in points]

    def outcomes(self) -> dict[str, int]:
        """Return how often each outcome was counted."""
        counted: dict[str, int] = {}
        for point in self():
            name = point["asgi_nocache.outcome"]
            counted[name] = counted.get(name, 0) + point["count"]
        return counted


@pytest.fixture
def read(monkeypatch):
    """Return what reads the counters; each test has a provider of its own."""
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader])
    monkeypatch.setattr(_otel, "get_meter", provider.get_meter)
    yield Read(reader)
    provider.shutdown()


async def item(request):
    return JSONResponse([])


@nocache
async def marked(request):
    return JSONResponse([])


async def own(request):
    return JSONResponse([], headers={"cache-control": "public, max-age=60"})


ROUTES = [
    Route("/items/{id}", item, methods=["GET", "POST"]),
    Route("/static/a", item),
    Route("/marked", marked),
    Route("/own", own),
    Route("/raw", own),
    Mount("/users/{user}", routes=[Route("/posts/{id}", item)]),
]
RULES = [Rule("/static/**", PUBLIC(60)), Rule("/raw", APP_DECIDES)]


def test_each_response_is_counted(read):
    """By what decided, and by the route's template, never by the path."""
    client = TestClient(install(Starlette(routes=ROUTES), rules=RULES, metrics=True))
    client.get("/items/1")
    client.get("/items/2")
    client.get("/users/7/posts/8")

    assert sorted(read(), key=str) == sorted(
        [
            {
                "asgi_nocache.outcome": "missing",
                "asgi_nocache.rule": "default",
                "http.request.method": "GET",
                "http.response.status_code": 200,
                "http.route": route,
                "count": count,
            }
            for route, count in (("/items/{id}", 2), ("/users/{user}/posts/{id}", 1))
        ],
        key=str,
    )


@pytest.mark.parametrize(
    ("path", "outcome", "rule"),
    [
        ("/items/1", "missing", "default"),
        ("/static/a", "applied", "rule 1, Rule('/static/**', PUBLIC(max_age=60))"),
        ("/marked", "applied", "mark"),
        ("/own", "conflict", "default"),
        ("/raw", "kept", "rule 2, Rule('/raw', APP_DECIDES)"),
    ],
)
def test_the_outcome(read, path, outcome, rule):
    """Each word of the table."""
    app = install(Starlette(routes=ROUTES), rules=RULES, metrics=True)
    TestClient(app).get(path)

    (point,) = read()
    assert point["asgi_nocache.outcome"] == outcome
    assert point["asgi_nocache.rule"] == rule
    assert outcome in _watch.OUTCOMES
    replaced = read("asgi_nocache.overrides")
    assert len(replaced) == (outcome == "conflict")


def test_report_is_an_outcome_of_its_own(read):
    """Nothing is overridden, either."""
    app = install(Starlette(routes=ROUTES), mode="report", metrics=True)
    response = TestClient(app).get("/own")

    assert response.headers["cache-control"] == "public, max-age=60"
    assert read.outcomes() == {"report_only": 1}
    assert read("asgi_nocache.overrides") == []


@pytest.mark.parametrize(
    ("switch", "outcome"), [("off", "switched_off"), ("report", "report_only")]
)
def test_the_kill_switch_is_counted(read, monkeypatch, switch, outcome):
    monkeypatch.setenv("ASGI_NOCACHE_MODE", switch)
    body = {"type": "http.response.body"}
    app = NoCacheMiddleware(sending(OK, body), metrics=True)
    assert run(app, http_scope("/a")) == [OK, body]

    assert read.outcomes() == {outcome: 1}
    assert app.counts[f"switch_{switch}"] == 1
    monkeypatch.setenv("ASGI_NOCACHE_MODE", switch)
    assert run(NoCacheMiddleware(sending(OK)), http_scope("/a"))[0] == OK


def test_a_flood_of_paths_and_methods_is_one_series(read):
    """Where no route is known, none is said; an unknown method is one of others."""
    rules = [Rule("/account/**", NO_STORE), Rule("/**", PUBLIC(60))]
    app = NoCacheMiddleware(sending(OK), rules=rules, metrics=True)
    for n in range(300):
        run(app, http_scope(f"/account{n}/x'\"{n}", f"M{n}"))
        run(app, http_scope(f"/account/{n}.css"))  # a shadow, which names a path

    points = read()
    assert len(points) <= 4
    assert {p["http.request.method"] for p in points} == {"GET", "_OTHER"}
    assert not [p for p in points if "http.route" in p]


def test_flask_has_templates_too(read):
    app = flask.Flask("x")
    app.add_url_rule("/posts/<int:id>", "show", lambda **_: "x")
    with TestClient(as_asgi(app, metrics=True)) as client:
        client.get("/posts/3")

    (point,) = read()
    assert point.get("http.route", "/posts/<int:id>") == "/posts/<int:id>"


def test_nothing_is_counted_unless_it_is_asked_for():
    """FastAPI brings opentelemetry's API, and counting takes the long way."""
    code = """
import sys
from asgi_nocache import NoCacheMiddleware
async def app(scope, receive, send): pass
assert NoCacheMiddleware(app)._watch is None
assert not [name for name in sys.modules if "opentelemetry" in name or "_otel" in name]
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_is_counted_reaches_the_global_provider():
    """The one that an app sets, before or after."""
    assert type(_otel.make_counters().responses).__name__.strip("_").endswith("Counter")
    assert _otel.get_meter is api.get_meter


# the debug field


def test_the_field_that_names_what_decided():
    """A dictionary of RFC 9651, read by another's parser; the app's own goes."""
    own = (b"NoCache-Decision", b"forged")
    app = NoCacheMiddleware(
        sending(start([own, (b"set-cookie", b"a=b")])),
        rules=[Rule('/é"*', PUBLIC(60))],
        debug_field=True,
    )
    fields = run(app, http_scope('/é"x', raw_path=b"/"))[0]["headers"]

    (value,) = [v for n, v in fields if n.lower() == b"nocache-decision"]
    said = http_sf.parse(value, tltype="dictionary")
    names, _ = said["by"]
    assert [n for n, _ in names] == ["rule 1, Rule('/?\"*', PUBLIC(max_age=60))"]
    assert str(said["mode"][0]) == "stricter"
    assert [str(name) for name, _ in said["guards"][0]] == ["set_cookie"]
    assert said["enforced"][0] is True
    assert (b"set-cookie", b"a=b") in fields


def test_without_the_option_the_field_is_the_apps():
    fields = [(b"nocache-decision", b"mine")]

    assert run(NoCacheMiddleware(sending(start(fields))), http_scope("/"))[0][
        "headers"
    ] == [*fields, *NO_STORE_FIELDS]


def test_the_field_escapes_what_a_rule_holds():
    """A backslash and a quote (RFC 9651 section 3.3.3); a shadow names no path."""
    rules = [Rule(re.compile(r'/a\d"'), NO_STORE), Rule("/B/**", REVALIDATE)]
    app = NoCacheMiddleware(sending(OK), rules=rules, debug_field=True)
    for path, wanted in (
        ('/a1"', [f"rule 1, {rules[0]!r}"]),
        ("/b/x'\"y", ["default", f"rule 2, {rules[1]!r}"]),
    ):
        fields = dict(run(app, http_scope(path, raw_path=b"/"))[0]["headers"])
        said = http_sf.parse(fields[b"nocache-decision"], tltype="dictionary")
        assert [name for name, _ in said["by"][0]] == wanted


def test_the_field_without_guards():
    app = NoCacheMiddleware(sending(OK), debug_field=True)
    fields = dict(run(app, http_scope("/"))[0]["headers"])

    assert fields[b"nocache-decision"] == b'by=("default"), mode=stricter, enforced=?1'


@pytest.mark.parametrize("name", _watch.STAGES)
@pytest.mark.parametrize("value", ["production", "PROD ", "live"])
def test_the_field_is_refused_in_production(monkeypatch, name, value):
    """Unless somebody says always."""
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=f"environment says {name}={value}"):
        NoCacheMiddleware(sending(), debug_field=True)
    NoCacheMiddleware(sending(), debug_field="always")
    monkeypatch.setenv(name, "staging")
    NoCacheMiddleware(sending(), debug_field=True)


# a share of the routes


def test_a_share_is_the_routes_and_never_the_requests():
    """The same in every process: the digest is SHA-256's."""
    routes = [f"/r{n}" for n in range(1000)]

    for percent in (0, 1, 30, 99, 100):
        count = sum(is_enforced(route, percent) for route in routes)
        assert abs(count / 10 - percent) < 5
    assert not any(is_enforced(r, 10) and not is_enforced(r, 11) for r in routes)
    #: What each route needs, worked out apart from the code.
    known = {"/items/{id}": 2, "/r1": 0, "\udcff": 85}
    for route, place in known.items():
        assert not is_enforced(route, place)
        assert is_enforced(route, place + 1)


def test_enforced_by_route():
    """All paths of a route alike; the others are only reported."""
    fast = FastAPI(openapi_url=None)
    for n in range(20):

        @fast.get(f"/r{n}/{{id}}")
        def view() -> Response:
            return Response("x", headers={"cache-control": "public, max-age=9"})

    client = TestClient(
        install(fast, mode="report", report_until=SOME_DAY, enforce_percent=50)
    )
    seen = {
        n: {
            client.get(f"/r{n}/{x}").headers["cache-control"].startswith("no-store")
            for x in range(5)
        }
        for n in range(20)
    }

    wanted = {n: {is_enforced(f"/r{n}/{{id}}", 50)} for n in range(20)}
    assert seen == wanted
    assert {True} in wanted.values()
    assert {False} in wanted.values()


@pytest.mark.parametrize(("percent", "enforced"), [(0, False), (100, True)])
def test_without_a_route_the_path_stands_for_it(percent, enforced):
    app = NoCacheMiddleware(
        sending(OK), mode="report", enforce_percent=percent, debug_field=True
    )
    fields = run(app, http_scope("/a"))[0]["headers"]

    assert (NO_STORE_LINE in fields) is enforced
    said = dict(fields)[b"nocache-decision"]
    assert said.endswith(b"enforced=?1" if enforced else b"enforced=?0")


def test_an_enforced_route_is_not_told_as_reported(caplog):
    """The log says what would change where nothing was changed."""
    app = NoCacheMiddleware(sending(OK), mode="report", enforce_percent=100)
    run(app, http_scope("/a"))
    assert "would_change" not in app.counts
    assert app.counts["enforced"] == 1
    run(NoCacheMiddleware(sending(OK), mode="report"), http_scope("/a"))
    assert "would send" in caplog.text


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"enforce_percent": 50}, "is a share of what mode 'report' lets be; write"),
        ({"mode": "report", "enforce_percent": 101}, "from 0 to 100"),
        ({"mode": "report", "enforce_percent": True}, "from 0 to 100"),
        ({"mode": "report", "enforce_percent": 5,
          "rules": [Rule("/a", NO_STORE, mode="report")]}, "would enforce rules"),
        ({"report_until": SOME_DAY}, "ends mode 'report', which is not on; drop it"),
        ({"mode": "report", "report_until": "2027-01-31"}, "is not a day; write"),
        ({"mode": "report", "report_until": datetime.datetime.max}, "is not a day"),
        ({"metrics": 1.5}, "is not a flag"),
        ({"debug_field": "yes"}, "is unknown; give True, False or 'always'"),
    ],
)  # fmt: skip
def test_what_is_wrong(options, problem):
    with pytest.raises(ConfigurationError, match="NoCacheMiddleware") as caught:
        NoCacheMiddleware(sending(), **options)
    assert problem in str(caught.value)


def test_counting_without_opentelemetry(monkeypatch):
    monkeypatch.setattr(_watch, "find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match=r"pip install 'asgi-nocache\[otel\]'"):
        NoCacheMiddleware(sending(), metrics=True)


def test_a_last_day_that_is_over_is_told(caplog):
    """And changes nothing by itself: nobody wants that at midnight."""
    over = datetime.date(2020, 1, 31)
    app = NoCacheMiddleware(sending(OK), mode="report", report_until=over)

    assert "mode report was to end on 2020-01-31" in caplog.text
    assert run(app, http_scope("/"))[0]["headers"] == [(b"x-own", b"1")]
    caplog.clear()
    NoCacheMiddleware(sending(OK), mode="report", report_until=SOME_DAY)
    rules = [Rule("/a", NO_STORE, mode="report")]
    NoCacheMiddleware(sending(OK), rules=rules, report_until=SOME_DAY)
    warn_if_over(over, over)  # the day itself is one of them
    assert caplog.text == ""


def test_the_file_says_it_too():
    """What a shell cannot do is refused, not ignored."""
    config = read_config(
        {"mode": "report", "report-until": SOME_DAY, "enforce-percent": 100}
    )
    app = NoCacheMiddleware(sending(OK), config=config)

    assert NO_STORE_LINE in run(app, http_scope("/"))[0]["headers"]
    with pytest.raises(ConfigurationError) as caught:
        NoCacheWSGIMiddleware(flask.Flask("x"), config=config)
    assert caught.value.problems == (
        "enforce-percent, in config, is nothing that it can do; drop the line, or "
        "write NoCacheMiddleware(app)",
    )


# the log


def test_records_carry_the_rule_and_the_route(caplog):
    app = install(Starlette(routes=ROUTES), rules=RULES)
    with caplog.at_level(logging.WARNING, "asgi_nocache"):
        TestClient(app).get("/own")

    (record,) = caplog.records
    assert record.nocache_rule == "default"
    assert record.http_route == "/own"
