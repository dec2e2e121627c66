"""Marks on Flask under the bridge: every shape of view, in every place.

What marks do where no middleware serves is in ``test_flask_native.py``, rules and
mounts in ``test_flask.py``.
"""

import itertools
from typing import Any

import flask
import pytest
from driver import LAYERS, MATCH, NEVER_STORE, PUBLISHED, RELAXED, REVALIDATED, ask
from flask.views import MethodView, View

from asgi_nocache import (
    NO_STORE,
    PRIVATE,
    REVALIDATE,
    NoCacheMiddleware,
    Rule,
    cache_policy,
    nocache,
)
from asgi_nocache.flask import Bridge, as_asgi


def unmarked(view: Any) -> Any:
    return view


def confirming() -> flask.Response:
    """Answer, honouring ``If-None-Match``."""
    response = flask.make_response("fresh")
    response.set_etag("v1")
    return response.make_conditional(flask.request)


# Shapes: each registers a view, marked, for "/"


def function_below(app: flask.Flask, mark: Any) -> None:
    @app.route("/")
    @mark
    def view() -> Any:
        return confirming()


def function_above(app: flask.Flask, mark: Any) -> None:
    @mark
    @app.route("/")
    def view() -> Any:
        return confirming()


def coroutine_below(app: flask.Flask, mark: Any) -> None:
    @app.route("/")
    @mark
    async def view() -> Any:
        return confirming()


def coroutine_above(app: flask.Flask, mark: Any) -> None:
    @mark
    @app.route("/")
    async def view() -> Any:
        return confirming()


def method(app: flask.Flask, mark: Any) -> None:
    class Page(MethodView):
        @mark
        def get(self) -> Any:
            return confirming()

    app.add_url_rule("/", view_func=Page.as_view("page"))


def async_method(app: flask.Flask, mark: Any) -> None:
    class Page(MethodView):
        @mark
        async def get(self) -> Any:
            return confirming()

    app.add_url_rule("/", view_func=Page.as_view("page"))


def method_class(app: flask.Flask, mark: Any) -> None:
    @mark
    class Page(MethodView):
        def get(self) -> Any:
            return confirming()

    app.add_url_rule("/", view_func=Page.as_view("page"))


def base_class(app: flask.Flask, mark: Any) -> None:
    @mark
    class Base(MethodView):
        pass

    class Page(Base):
        def get(self) -> Any:
            return confirming()

    app.add_url_rule("/", view_func=Page.as_view("page"))


def view_class(app: flask.Flask, mark: Any) -> None:
    @mark
    class Page(View):
        def dispatch_request(self) -> Any:
            return confirming()

    app.add_url_rule("/", view_func=Page.as_view("page"))


def class_decorators(app: flask.Flask, mark: Any) -> None:
    class Page(MethodView):
        decorators = (mark,)

        def get(self) -> Any:
            return confirming()

    app.add_url_rule("/", view_func=Page.as_view("page"))


def made_view(app: flask.Flask, mark: Any) -> None:
    class Page(MethodView):
        def get(self) -> Any:
            return confirming()

    app.add_url_rule("/", view_func=mark(Page.as_view("page")))


def blueprint(app: flask.Flask, mark: Any) -> None:
    blog = flask.Blueprint("blog", __name__)
    function_below(blog, mark)  # type: ignore[arg-type]
    app.register_blueprint(blog)


def blueprint_again(app: flask.Flask, mark: Any) -> None:
    blog = flask.Blueprint("blog", __name__)
    function_below(blog, mark)  # type: ignore[arg-type]
    app.register_blueprint(blog, url_prefix="/first")
    app.register_blueprint(blog, name="again")


def nested_blueprint(app: flask.Flask, mark: Any) -> None:
    outer = flask.Blueprint("outer", __name__)
    blueprint(outer, mark)  # type: ignore[arg-type]
    app.register_blueprint(outer)


SHAPES = (
    function_below,
    function_above,
    coroutine_below,
    coroutine_above,
    method,
    async_method,
    method_class,
    base_class,
    view_class,
    class_decorators,
    made_view,
    blueprint,
    blueprint_again,
    nested_blueprint,
)


def make_app(shape: Any, mark: Any, layer: str = "plain", **options: Any) -> Any:
    app = flask.Flask(__name__)
    shape(app, mark)
    return NoCacheMiddleware(LAYERS[layer](Bridge(app)), **options)


TABLE = [
    pytest.param(shape, layer, id=f"{shape.__name__}-{layer}")
    for shape, layer in itertools.product(SHAPES, LAYERS)
]


@pytest.mark.parametrize(("shape", "layer"), TABLE)
def test_a_revalidate_mark_keeps_its_304_under_the_closed_default(
    shape: Any, layer: str
) -> None:
    """The view sees ``If-None-Match``; the 304 carries the mark's field."""
    answer = ask(make_app(shape, cache_policy(REVALIDATE), layer), "/", MATCH)

    assert (answer.status, answer.cache) == (304, REVALIDATED)


@pytest.mark.parametrize(("shape", "layer"), TABLE)
def test_a_nocache_mark_never_gets_a_304_under_a_relaxed_default(
    shape: Any, layer: str
) -> None:
    """The view does not see ``If-None-Match``; its 200 is never-store."""
    answer = ask(make_app(shape, nocache, layer, default=RELAXED), "/", MATCH)

    assert (answer.status, answer.body) == (200, b"fresh")
    assert answer.cache == NEVER_STORE


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("default", "status", "cache"),
    [(NO_STORE, 200, NEVER_STORE), (RELAXED, 304, PUBLISHED)],
)
def test_without_a_mark_the_default_decides(
    shape: Any, default: Any, status: int, cache: dict[str, str]
) -> None:
    """The table's twin: nothing but the mark makes the difference there."""
    answer = ask(make_app(shape, unmarked, default=default), "/", MATCH)

    assert (answer.status, answer.cache) == (status, cache)


def test_both_places_of_a_blueprint_are_marked() -> None:
    """It is the view that carries the mark."""
    app = make_app(blueprint_again, cache_policy(RELAXED))

    assert ask(app, "/").cache == ask(app, "/first/").cache == PUBLISHED


@pytest.mark.parametrize("shape", SHAPES)
def test_head_is_as_its_get(shape: Any) -> None:
    """The same fields, and nothing else."""
    answer = ask(make_app(shape, cache_policy(RELAXED)), "/", method="HEAD")

    assert (answer.status, answer.body, answer.cache) == (200, b"", PUBLISHED)


def test_a_mark_is_its_views_alone() -> None:
    """Neither the one beside it nor the next request sees it."""
    app = flask.Flask(__name__)
    function_below(app, cache_policy(RELAXED))
    app.add_url_rule("/other", view_func=lambda: "x")
    served = as_asgi(app, workers=1)
    for _ in range(2):
        assert ask(served, "/").cache == PUBLISHED
        assert ask(served, "/other").cache == NEVER_STORE
        assert ask(served, "/nowhere").cache == NEVER_STORE


def test_each_method_has_its_own_mark() -> None:
    """Of one class, at one URL."""

    class Page(MethodView):
        @cache_policy(RELAXED)
        def get(self) -> str:
            return "x"

        @nocache
        def options(self) -> str:
            return "x"

    app = flask.Flask(__name__)
    app.add_url_rule("/", view_func=Page.as_view("page"), methods=["GET", "OPTIONS"])
    served = as_asgi(app, default=PRIVATE(max_age=5))

    assert ask(served, "/").cache == PUBLISHED
    assert ask(served, "/", method="OPTIONS").cache == NEVER_STORE


def test_a_mark_beats_a_rule_and_a_floor_beats_it() -> None:
    """The view knows best, up to a floor."""
    floor = Rule("/**", NO_STORE, floor=True)

    relaxed = make_app(
        function_below, cache_policy(RELAXED), rules=[Rule("/", NO_STORE)]
    )
    tightened = make_app(function_below, cache_policy(RELAXED), rules=[floor])

    assert ask(relaxed, "/").cache == PUBLISHED
    assert ask(tightened, "/").cache == NEVER_STORE


def test_a_generator_is_marked_by_its_call() -> None:
    """It runs when the response has started."""
    app = flask.Flask(__name__)

    @app.get("/")
    @cache_policy(RELAXED)
    def view() -> Any:
        yield "one"
        yield "two"

    answer = ask(as_asgi(app), "/")

    assert (answer.body, answer.cache) == (b"onetwo", PUBLISHED)
