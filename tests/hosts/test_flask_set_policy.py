"""Marks on Flask when a view does not answer itself, and ``set_policy()``."""

from typing import Any

import flask
import pytest
from driver import MATCH, NEVER_STORE, PUBLISHED, RELAXED, REVALIDATED, ask

from asgi_nocache import NO_STORE, REVALIDATE, cache_policy, nocache, set_policy
from asgi_nocache.flask import as_asgi


def confirming() -> flask.Response:
    """Answer, honouring ``If-None-Match``."""
    response = flask.make_response("fresh")
    response.set_etag("v1")
    return response.make_conditional(flask.request)


# Failures


def abort() -> Any:
    flask.abort(404)


def fail() -> Any:
    raise LookupError


def redirect() -> Any:
    return flask.redirect("/elsewhere")


@pytest.mark.parametrize(
    ("view", "status", "cache"),
    [(abort, 404, NEVER_STORE), (fail, 500, NEVER_STORE), (redirect, 302, PUBLISHED)],
)
def test_a_marked_view_that_answers_otherwise(
    view: Any, status: int, cache: dict[str, str]
) -> None:
    """An error is never stored, whatever the mark; a redirect is as marked."""
    app = flask.Flask(__name__)
    app.add_url_rule("/", view_func=cache_policy(RELAXED)(view))
    answer = ask(as_asgi(app), "/")

    assert (answer.status, answer.cache) == (status, cache)


def test_a_hook_that_answers_for_a_marked_view() -> None:
    """Its answer is the view's as far as the mark goes: it is at the same URL."""
    app = flask.Flask(__name__)
    app.before_request(lambda: "closed")
    app.add_url_rule("/", view_func=nocache(lambda: "open"))
    answer = ask(as_asgi(app, default=RELAXED), "/")

    assert (answer.body, answer.cache) == (b"closed", NEVER_STORE)


# set_policy()


def test_set_policy_in_a_view() -> None:
    """For this response, and not for the next."""
    app = flask.Flask(__name__)

    @app.get("/<kind>")
    def view(kind: str) -> str:
        if kind == "public":
            set_policy(RELAXED)
        return kind

    served = as_asgi(app, workers=1)

    assert ask(served, "/public").cache == PUBLISHED
    assert ask(served, "/other").cache == NEVER_STORE


def test_set_policy_in_an_async_view() -> None:
    """Which runs in a loop of its own."""
    app = flask.Flask(__name__)

    @app.get("/")
    async def view() -> str:
        set_policy(RELAXED)
        return "x"

    assert ask(as_asgi(app), "/").cache == PUBLISHED


@pytest.mark.parametrize("hook", ["before_request", "after_request"])
def test_set_policy_in_a_hook(hook: str) -> None:
    """Covers an app, or a blueprint, whose hook it is."""
    app = flask.Flask(__name__)
    app.add_url_rule("/", view_func=lambda: "x")

    def set_relaxed(*response: Any) -> Any:
        set_policy(RELAXED)
        return response[0] if response else None

    getattr(app, hook)(set_relaxed)

    assert ask(as_asgi(app), "/").cache == PUBLISHED


def test_set_policy_gives_the_preconditions_back() -> None:
    """Before the view looks at them."""
    app = flask.Flask(__name__)

    @app.get("/")
    def view() -> Any:
        set_policy(REVALIDATE)
        return confirming()

    answer = ask(as_asgi(app), "/", MATCH)

    assert (answer.status, answer.cache) == (304, REVALIDATED)


def test_set_policy_takes_the_preconditions() -> None:
    """The other way round."""
    app = flask.Flask(__name__)

    @app.get("/")
    def view() -> Any:
        set_policy(NO_STORE)
        return confirming()

    answer = ask(as_asgi(app, default=RELAXED), "/", MATCH)

    assert (answer.status, answer.cache) == (200, NEVER_STORE)
