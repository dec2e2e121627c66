"""Flask's files under a policy, and Flask mounted beside native routes."""

import io
from pathlib import Path
from typing import Any

import flask
import pytest
from driver import MATCH, NEVER_STORE, PUBLISHED, RELAXED, ask
from fastapi import FastAPI
from flask_blog import make_app
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from asgi_nocache import PUBLIC, NoCacheMiddleware, Rule, cache_policy, nocache
from asgi_nocache.flask import Bridge, as_asgi
from asgi_nocache.starlette import install

HOUR = {"cache-control": "public, max-age=3600"}

# Files


class Counted(io.BytesIO):
    """A file that counts what is read of it."""

    size = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.size += len(data)
        return data


@pytest.fixture
def with_files(tmp_path: Path) -> flask.Flask:
    """A Flask app with a static file."""
    (tmp_path / "x.css").write_text("a {}")
    return flask.Flask(__name__, static_folder=tmp_path, static_url_path="/static")


def test_static_files_under_a_public_rule(with_files: flask.Flask) -> None:
    """Flask's default, ``no-cache``, counts as nothing sent; 304 works."""
    served = as_asgi(with_files, rules=[Rule("/static/**", PUBLIC(max_age=3600))])
    answer = ask(served, "/static/x.css")
    assert (answer.status, answer.body, answer.cache) == (200, b"a {}", HOUR)

    etag = dict(answer.fields)[b"etag"].decode()
    again = ask(served, "/static/x.css", {"If-None-Match": etag})
    assert (again.status, again.body, again.cache) == (304, b"", HOUR)


def test_static_files_under_the_closed_default(with_files: flask.Flask) -> None:
    """Never stored, and never confirmed."""
    served = as_asgi(with_files)
    answer = ask(served, "/static/x.css")
    assert (answer.body, answer.cache) == (b"a {}", NEVER_STORE)

    etag = dict(answer.fields)[b"etag"].decode()
    for fields in (
        {"If-None-Match": etag},
        {"If-Modified-Since": dict(answer.fields)[b"last-modified"].decode()},
        {"Range": "bytes=0-1", "If-Range": etag},
    ):
        again = ask(served, "/static/x.css", fields)
        assert (again.status, again.body, again.cache) == (200, b"a {}", NEVER_STORE)


def test_a_shorter_time_of_flasks_own(with_files: flask.Flask) -> None:
    """What the app says in numbers is heard, where it is stricter."""
    with_files.config["SEND_FILE_MAX_AGE_DEFAULT"] = 60
    served = as_asgi(with_files, rules=[Rule("/static/**", PUBLIC(max_age=3600))])

    assert ask(served, "/static/x.css").cache == PUBLISHED


def test_a_part_of_a_file(with_files: flask.Flask) -> None:
    """Seeking in media is no matter of caches."""
    served = as_asgi(with_files)
    answer = ask(served, "/static/x.css", {"Range": "bytes=2-3"})

    assert (answer.status, answer.body) == (206, b"{}")
    assert answer.cache == NEVER_STORE


def test_a_part_is_not_read_from_the_beginning() -> None:
    """And the file is closed, as it is where all of it is sent."""
    files: list[Counted] = []
    app = flask.Flask(__name__)

    @app.get("/")
    def view() -> flask.Response:
        files.append(Counted(bytes(10_000_000) + b"the end"))
        return flask.send_file(files[-1], "video/mp4", conditional=True)

    bridge = Bridge(app)
    part = ask(bridge, "/", {"Range": "bytes=10000000-"})
    whole = ask(bridge, "/")
    bridge.pool.shutdown()

    assert (part.status, part.body) == (206, b"the end")
    assert (whole.status, len(whole.body)) == (200, 10_000_007)
    assert files[0].size < 1_000_000
    assert [file.closed for file in files] == [True, True]


def test_the_endpoint_of_static_files(with_files: flask.Flask) -> None:
    """Flask calls it ``static``."""
    rule = Rule(None, RELAXED, endpoints=["static"])
    served = as_asgi(with_files, rules=[rule])

    assert ask(served, "/static/x.css").cache == PUBLISHED


# Mounts


async def native(request: Request) -> Response:
    return PlainTextResponse("native")


def make_starlette(mounted: Any) -> Starlette:
    return Starlette(routes=[Mount("/legacy", mounted), Route("/native", native)])


def make_fastapi(mounted: Any) -> FastAPI:
    app = FastAPI()
    app.mount("/legacy", mounted)
    app.add_api_route("/native", lambda: "native")
    return app


def wrapped(app: Any, **options: Any) -> Any:
    return NoCacheMiddleware(app, **options)


HOSTS = [make_starlette, make_fastapi]
WRAPS = [wrapped, install]


@pytest.mark.parametrize("wrap", WRAPS)
@pytest.mark.parametrize("host", HOSTS)
def test_one_policy_over_native_and_mounted_routes(host: Any, wrap: Any) -> None:
    """Closed for both, and opened for both by the same rules."""
    rules = [Rule("/native", RELAXED), Rule("/legacy/posts/**", PUBLIC(max_age=3600))]
    closed = wrap(host(Bridge(make_app())))
    opened = wrap(host(Bridge(make_app())), rules=rules)
    for path, cache in {
        "/native": PUBLISHED,
        "/legacy/posts/1": HOUR,
        "/legacy/plain": NEVER_STORE,
        "/legacy/nowhere": NEVER_STORE,
        "/nowhere": NEVER_STORE,
    }.items():
        assert ask(closed, path).cache == NEVER_STORE
        assert ask(opened, path).cache == cache


@pytest.mark.parametrize("host", HOSTS)
def test_rules_ask_for_mounted_routes(host: Any) -> None:
    """By the names that Flask gives them."""
    rules = [
        Rule(None, RELAXED, endpoints=["blog.show"]),
        Rule(None, PUBLIC(max_age=3600), tags=["again"]),
    ]
    served = wrapped(host(Bridge(make_app())), rules=rules)

    assert ask(served, "/legacy/posts/1").cache == PUBLISHED
    assert ask(served, "/legacy/again/posts/1").cache == HOUR
    assert ask(served, "/legacy/plain").cache == NEVER_STORE
    assert ask(served, "/native").cache == NEVER_STORE


@pytest.mark.parametrize("wrap", WRAPS)
@pytest.mark.parametrize("host", HOSTS)
def test_marks_of_mounted_views(host: Any, wrap: Any) -> None:
    """They reach the one middleware outside, preconditions included."""
    app = flask.Flask(__name__)

    def view() -> flask.Response:
        response = flask.make_response("fresh")
        response.set_etag("v1")
        return response.make_conditional(flask.request)

    app.add_url_rule("/public", "public", cache_policy(RELAXED)(view))
    app.add_url_rule("/private", "private", nocache(lambda: view()))
    served = wrap(host(Bridge(app)))
    relaxed = wrap(host(Bridge(app)), default=RELAXED)

    answer = ask(served, "/legacy/public", MATCH)
    assert (answer.status, answer.cache) == (304, PUBLISHED)
    answer = ask(relaxed, "/legacy/private", MATCH)
    assert (answer.status, answer.cache) == (200, NEVER_STORE)


@pytest.mark.parametrize("host", HOSTS)
def test_a_mounted_app_knows_where_it_is(host: Any) -> None:
    """Its URLs begin with the mount."""
    assert ask(host(Bridge(make_app())), "/legacy/where").body == b"/legacy/where"


@pytest.mark.parametrize("host", HOSTS)
def test_a_mounted_policy(host: Any) -> None:
    """``as_asgi`` can be mounted, too, and is heard; beside it nothing is."""
    rules = [Rule("/plain", RELAXED)]
    app = host(as_asgi(make_app(), rules=rules))

    assert ask(app, "/legacy/plain").cache == PUBLISHED
    assert ask(app, "/legacy/posts").cache == NEVER_STORE
    assert ask(app, "/native").cache == {}


def test_the_bridge_alone_changes_nothing() -> None:
    """It is the middleware that has the policy."""
    assert ask(Bridge(make_app()), "/plain").cache == {}
