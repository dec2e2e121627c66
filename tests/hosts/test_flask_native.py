"""The decorators in Flask where no middleware serves: they apply themselves.

First as Flask's test client sees it, then the seed's own example behind the
servers that people use.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flask
import pytest
from driver import NEVER_STORE, PUBLISHED, RELAXED, REVALIDATED
from flask.views import MethodView

from asgi_nocache import (
    NO_STORE_MINIMAL,
    PRIVATE,
    REVALIDATE,
    NoCacheError,
    cache_policy,
    nocache,
    set_policy,
)

ETAG = '"11f6ad8ec52a2984abaafd7c3b516503785c2072"'  # of "x"


def confirming() -> flask.Response:
    """Answer as Flask does where a client may have a copy."""
    response = flask.make_response("x")
    response.add_etag()
    return response.make_conditional(flask.request)


def function(mark: Any, app: flask.Flask) -> None:
    @app.route("/")
    @mark
    def view() -> Any:
        return confirming()


def above(mark: Any, app: flask.Flask) -> None:
    @mark
    @app.route("/")
    def view() -> Any:
        return confirming()


def coroutine(mark: Any, app: flask.Flask) -> None:
    @app.route("/")
    @mark
    async def view() -> Any:
        return confirming()


def method(mark: Any, app: flask.Flask) -> None:
    class View(MethodView):
        @mark
        def get(self) -> Any:
            return confirming()

    app.add_url_rule("/", view_func=View.as_view("view"))


def whole_class(mark: Any, app: flask.Flask) -> None:
    @mark
    class View(MethodView):
        def get(self) -> Any:
            return confirming()

    app.add_url_rule("/", view_func=View.as_view("view"))


def made_view(mark: Any, app: flask.Flask) -> None:
    class View(MethodView):
        def get(self) -> Any:
            return confirming()

    app.add_url_rule("/", view_func=mark(View.as_view("view")))


def blueprint(mark: Any, app: flask.Flask) -> None:
    blog = flask.Blueprint("blog", __name__)

    @blog.route("/")
    @mark
    def view() -> Any:
        return confirming()

    app.register_blueprint(blog)
    app.register_blueprint(blog, name="again", url_prefix="/again")


SHAPES = (function, above, coroutine, method, whole_class, made_view, blueprint)


def make_app(shape: Any, mark: Any) -> flask.Flask:
    app = flask.Flask("native")
    shape(mark, app)
    return app


def fields(response: Any) -> dict[str, str]:
    """Return the fields that caches heed, each sent once."""
    told = [
        (name.lower(), value)
        for name, value in response.headers
        if name.lower() in {*NEVER_STORE, "vary"}
    ]
    assert len(dict(told)) == len(told), told
    return dict(told)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("mark", "expected", "status"),
    [
        (nocache, NEVER_STORE, 200),
        (nocache(reason="private"), NEVER_STORE, 200),
        (cache_policy(NO_STORE_MINIMAL), {"cache-control": "no-store"}, 200),
        (cache_policy(REVALIDATE), REVALIDATED, 304),
        (cache_policy(RELAXED), PUBLISHED, 304),
    ],
    ids=["nocache", "called", "minimal", "revalidate", "relaxed"],
)
def test_a_decorated_view(shape: Any, mark: Any, expected: Any, status: int) -> None:
    """The field set is sent, and a stale copy is confirmed by nobody."""
    client = make_app(shape, mark).test_client()

    fresh = client.get("/")
    again = client.get("/", headers={"If-None-Match": ETAG})

    assert (fresh.status_code, fields(fresh)) == (200, expected)
    assert (again.status_code, fields(again)) == (status, expected)


def test_an_undecorated_view_is_left_alone() -> None:
    """Without a middleware, nothing is the default."""
    client = make_app(function, lambda view: view).test_client()

    assert fields(client.get("/")) == {}
    assert client.get("/", headers={"If-None-Match": ETAG}).status_code == 304


@pytest.mark.parametrize(
    "answer",
    [
        "text",
        {"json": 1},
        ("text", 201),
        ("text", {"X-A": "1"}),
        lambda: flask.redirect("/x"),
        lambda: flask.Response(iter(["a", "b"])),
        lambda: flask.abort(403),
        lambda: (part for part in ["a", "b"]),
    ],
    ids=["text", "json", "status", "fields", "redirect", "stream", "abort", "iter"],
)
def test_whatever_a_view_returns(answer: Any) -> None:
    """Flask makes a response of many things; all of them are covered."""
    app = flask.Flask("native")

    @app.route("/")
    @nocache
    def view() -> Any:
        return answer() if callable(answer) else answer

    assert fields(app.test_client().get("/")) == NEVER_STORE


def test_a_generator_view() -> None:
    """Its body runs when the response has started; its call does not."""
    app = flask.Flask("native")

    @app.route("/")
    @nocache
    def view() -> Iterator[str]:
        yield "a"

    response = app.test_client().get("/")

    assert (response.text, fields(response)) == ("a", NEVER_STORE)


def test_set_policy_in_a_view() -> None:
    """One response, and not the next."""
    app = flask.Flask("native")

    @app.route("/<path:name>")
    def view(name: str) -> str:
        if name == "private":
            set_policy(PRIVATE(max_age=5))
        return name

    client = app.test_client()

    assert fields(client.get("/private")) == {"cache-control": "private, max-age=5"}
    assert fields(client.get("/other")) == {}


def test_two_marks_are_joined() -> None:
    """Whichever is written first."""
    app = flask.Flask("native")

    @app.route("/")
    @cache_policy(RELAXED)
    @nocache
    def view() -> str:
        return "x"

    assert fields(app.test_client().get("/")) == NEVER_STORE


def test_what_the_view_sends_itself_is_replaced() -> None:
    """In any letter case and number, and nothing else."""
    app = flask.Flask("native")

    @app.route("/")
    @nocache
    def view() -> Any:
        response = flask.make_response("x")
        response.headers.extend(
            [("cache-control", "public"), ("CACHE-CONTROL", "max-age=5"), ("X-A", "é")]
        )
        return response

    response = app.test_client().get("/")

    assert fields(response) == NEVER_STORE
    assert response.headers["x-a"] == "é"


def test_range_goes_only_with_if_range() -> None:
    """Range alone is media seeking."""
    app = flask.Flask("native")

    @app.route("/")
    @nocache
    def view() -> Any:
        response = flask.make_response("0123456789")
        response.add_etag()
        return response.make_conditional(
            flask.request, accept_ranges=True, complete_length=10
        )

    client = app.test_client()
    part = {"Range": "bytes=0-3"}

    assert client.get("/", headers=part).status_code == 206
    assert client.get("/", headers={**part, "If-Range": ETAG}).status_code == 200


def test_outside_a_request_it_says_what_is_missing() -> None:
    """No response, so nothing to write on."""

    @nocache
    def view() -> str:
        return "x"

    with pytest.raises(NoCacheError, match="no NoCacheMiddleware serves"):
        view()


SEED = """
from flask import Flask
from asgi_nocache import nocache

app = Flask(__name__)

@app.route("/my_endpoint")
@nocache
def my_endpoint():
    return "the template"

@app.route("/other")
def other():
    return "x"
"""

SERVERS = {
    "flask": ["flask", "--app", "seed", "run", "--port", "{port}"],
    "gunicorn": ["gunicorn", "-b", "127.0.0.1:{port}", "seed:app"],
    "uvicorn": ["uvicorn", "--port", "{port}", "--factory", "seed:as_asgi_app"],
}


@contextlib.contextmanager
def served(folder: Path, command: list[str]) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    script, *options = (part.format(port=port) for part in command)
    process = subprocess.Popen(
        [sys.executable, "-m", script, *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        for _ in range(600):
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), 5).close()
                break
            assert process.poll() is None, process.communicate()[0]
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.communicate(timeout=30)


def ask(port: int, path: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path)
    response = connection.getresponse()
    response.read()
    connection.close()
    return response


@pytest.mark.parametrize("server", SERVERS)
def test_the_seeds_example_unchanged_but_for_the_import(
    server: str, tmp_path: Path
) -> None:
    """Under each server, the default field set; the default is as_asgi()'s alone."""
    more = "\ndef as_asgi_app():\n    from asgi_nocache.flask import as_asgi\n"
    (tmp_path / "seed.py").write_text(SEED + more + "    return as_asgi(app)\n")

    with served(tmp_path, SERVERS[server]) as port:
        sent = [dict(ask(port, p).getheaders()) for p in ("/my_endpoint", "/other")]

    marked, other = (
        {k.lower(): v for k, v in each.items() if k.lower() in NEVER_STORE}
        for each in sent
    )
    assert marked == NEVER_STORE
    assert other == (NEVER_STORE if server == "uvicorn" else {})
