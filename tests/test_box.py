"""What carries marks and preconditions: the attribute, the box, the copied scope."""

from __future__ import annotations

import copy
import functools
import operator

import pytest
from asgi_driver import answer, caching, http_scope, run, sending, start

from asgi_nocache import (
    NO_STORE,
    PRIVATE,
    PUBLIC,
    REVALIDATE,
    NoCacheMiddleware,
    Rule,
    cache_policy,
    nocache,
    set_policy,
)
from asgi_nocache._box import KEY, Process, expect_marks
from asgi_nocache._endpoint_marks import MAX_ENDPOINTS, _found, find_marks
from asgi_nocache._preconditions import RoutedScope

ETAG = (b"if-none-match", b'"1"')
RELAXED = PUBLIC(max_age=60)


@nocache
def marked():
    """Stand for any endpoint."""


def seen_by(policy=NO_STORE, *, endpoint=None, edit=None, **options):
    """Return the request lines that an app finds, and the scope it was given."""
    seen = {}

    async def app(scope, receive, send):
        if edit is not None:
            edit(scope)
        if endpoint is not None:
            scope.update({"endpoint": endpoint})
        seen["scope"], seen["lines"] = scope, list(scope["headers"])
        await send(start())

    scope = http_scope(headers=[(b"host", b"a"), ETAG, (b"x-user", b"me")], **options)
    run(NoCacheMiddleware(app, default=policy), scope)
    return seen["lines"], seen["scope"], scope


def test_an_inner_layers_own_edits_stand():
    """What another middleware took out must not come back with our lines."""

    def edit(scope):
        scope["headers"] = [x for x in scope["headers"] if x[0] != b"x-user"]
        scope["headers"].append((b"x-tenant", b"t"))

    lines, *_ = seen_by(edit=edit, endpoint=cache_policy(REVALIDATE)(lambda: None))
    assert lines == [(b"host", b"a"), (b"x-tenant", b"t"), ETAG]
    lines, *_ = seen_by(edit=edit, endpoint=print)
    assert lines == [(b"host", b"a"), (b"x-tenant", b"t")]


def test_a_field_list_that_became_a_tuple_is_replaced():
    """Another layer may put any iterable back."""

    def edit(scope):
        scope["headers"] = tuple(scope["headers"])

    lines, *_ = seen_by(RELAXED, edit=edit, endpoint=marked)
    assert ETAG not in lines


def test_what_was_never_taken_is_not_given():
    """A layer that drops a precondition itself has its reasons."""

    def edit(scope):
        scope["headers"][:] = [x for x in scope["headers"] if x != ETAG]

    lines, *_ = seen_by(RELAXED, edit=edit, endpoint=cache_policy(RELAXED)(print))
    assert ETAG not in lines


def test_the_copied_scope_passes_on_what_is_written():
    """Middleware outside must find what routers leave behind."""

    def edit(scope):
        assert isinstance(scope, RoutedScope)
        scope.setdefault("state", {})["user"] = 1
        assert scope.setdefault("state", None) == {"user": 1}
        scope |= {"route": "r"}
        scope["gone"] = scope["popped"] = 1
        del scope["gone"]
        assert scope.pop("popped") == 1
        assert scope.pop("popped", None) is None
        scope["headers"] = list(scope["headers"])

    _, inside, outside = seen_by(edit=edit, endpoint=print)
    for key in ("state", "route", "endpoint"):
        assert outside[key] is inside[key]
    assert not {"gone", "popped"} & {*inside, *outside}
    assert ETAG in outside["headers"]


def test_headers_can_be_dropped_from_the_copy_alone():
    """The server keeps its own list."""

    def edit(scope):
        held = scope.pop("headers")
        scope["headers"] = held
        del scope["headers"]
        scope["headers"] = held

    _, _, outside = seen_by(edit=edit)
    assert ETAG in outside["headers"]


def test_a_deep_copy_is_an_ordinary_scope():
    """A proxy middleware may copy a scope in depth."""

    def edit(scope):
        copied = copy.deepcopy(scope)
        assert type(copied) is dict
        assert copied[KEY] is not scope[KEY]

    seen_by(edit=edit)


class Plain:
    """A callable object."""

    def __call__(self):
        """Answer."""


class Called:
    """A callable object whose call is marked."""

    @nocache
    def __call__(self):
        """Answer."""


class View:
    """A class with a method for each HTTP method."""

    @nocache
    def get(self):
        """Answer."""

    def post(self):
        """Answer."""

    def dispatch(self):
        """Choose."""


class Child(cache_policy(RELAXED)(type("Base", (View,), {}))):
    """Inherits a mark."""


@pytest.mark.parametrize(
    ("endpoint", "method", "found"),
    [
        (marked, "GET", 1),
        (functools.partial(functools.partial(marked)), "GET", 1),
        (View.get, "GET", 1),
        (View().get, "GET", 1),
        (Called(), "GET", 1),
        (View, "GET", 1),
        (View, "HEAD", 1),
        (View, "POST", 0),
        (Child, "POST", 1),
        (Child(), "POST", 1),
        (Plain(), "GET", 0),
        (None, "GET", 0),
        (print, "GET", 0),
        (functools.partial(print), "GET", 0),
        (operator.itemgetter(1), "GET", 0),
        *((View, method, 0) for method in ("MRO", "__NE__", "DISPATCH", "")),
    ],
)
def test_marks_are_found_however_an_endpoint_is_wrapped(endpoint, method, found):
    """And a method that a client invents finds nothing."""
    assert len(find_marks(endpoint, method)) == found


def test_an_endpoint_that_wraps_itself_ends():
    """A loop of ``__wrapped__`` must not hang a request."""

    def endpoint():
        """Stand for a broken decorator."""

    endpoint.__wrapped__ = endpoint
    assert find_marks(endpoint, "GET") == ()


def test_equal_endpoints_may_differ_in_marks():
    """They are told apart by identity, in a bounded memory."""

    class Equal:
        def __eq__(self, other):
            return True

        def __hash__(self):
            return 1

        def __call__(self):
            """Answer."""

    one, other = Equal(), nocache(Equal())
    assert (find_marks(one, "GET"), len(find_marks(other, "GET"))) == ((), 1)
    for _ in range(MAX_ENDPOINTS + 1):
        find_marks(functools.partial(marked), "GET")
    assert len(_found) <= MAX_ENDPOINTS


def test_a_bound_method_marks_only_itself():
    """Two objects of one class, one of them declared."""

    class Pages:
        def page(self):
            """Answer."""

    one, other = Pages(), Pages()
    declared = cache_policy(RELAXED)(one.page)
    assert len(find_marks(declared, "GET")) == 1
    assert find_marks(other.page, "GET") == ()


def test_a_child_marks_neither_parent_nor_sibling():
    """A mark belongs to the class that was decorated."""

    class Parent:
        def dispatch(self):
            """Choose."""

    child = nocache(type("Child", (Parent,), {}))
    sibling = type("Sibling", (Parent,), {})
    assert len(find_marks(child, "GET")) == 1
    assert find_marks(Parent, "GET") == find_marks(sibling, "GET") == ()


def cascade(first, second):
    """Return an app that asks *second* where *first* raised, with one scope."""

    async def app(scope, receive, send):
        try:
            await first(scope, receive, send)
        except LookupError:
            await second(scope, receive, send)

    return app


@pytest.mark.parametrize("rules", [[], [Rule("/", RELAXED)]])
def test_the_second_of_a_cascade_is_not_nested(rules):
    """A box whose request is over says nothing of the next."""

    async def missing(scope, receive, send):
        raise LookupError

    first = NoCacheMiddleware(missing, rules=rules, error_response=False)
    second = NoCacheMiddleware(sending(start()), rules=rules)
    for _ in range(3):
        assert len(caching(answer(cascade(first, second)))) == 1


def test_an_app_that_asks_itself_answers_for_itself():
    """A request within a request, through a copy of the scope."""

    async def app(scope, receive, send):
        if scope["path"] == "/inner":
            await send(start())
            return

        async def drop(message):
            assert caching(message) == [RELAXED.fields[0][1]]

        await top({**scope, "path": "/inner"}, receive, drop)
        await send(start())

    top = NoCacheMiddleware(app, rules=[Rule("/inner", RELAXED)])
    assert caching(answer(top, http_scope("/outer"))) == [NO_STORE.fields[0][1]]


def test_a_request_within_a_request_leaves_the_outer_box_current():
    """What is declared afterwards still reaches the outer middleware."""
    inner = NoCacheMiddleware(sending(start()))

    async def app(scope, receive, send):
        await inner(http_scope(), receive, lambda message: _nothing())
        set_policy(PRIVATE(max_age=5))
        await send(start())

    assert caching(answer(NoCacheMiddleware(app))) == [b"private, max-age=5"]


async def _nothing():
    """Take a message and do nothing."""


@pytest.mark.parametrize(
    "payload",
    [
        {"type": "http", KEY: {}},
        {"type": "http", KEY: 7},
        {"type": "http", KEY: {"closed": True}},
        {"type": "http", KEY: [None, {}]},
    ],
)
def test_what_a_client_sends_is_not_taken_for_a_scope(payload):
    """A document may look like anything."""

    @nocache
    async def view(document):
        assert document == payload

    async def app(scope, receive, send):
        await view(copy.deepcopy(payload))
        await send(start())

    protected = NoCacheMiddleware(app, default=RELAXED)
    assert caching(answer(protected)) == [NO_STORE.fields[0][1]]


def test_a_static_method_stays_one():
    """And reports when it runs."""

    class Views:
        @nocache
        @staticmethod
        async def page():
            return 5

    assert isinstance(vars(Views)["page"], staticmethod)

    async def app(scope, receive, send):
        assert await Views.page() == 5
        await send(start())

    protected = NoCacheMiddleware(app, default=RELAXED)
    assert caching(answer(protected)) == [NO_STORE.fields[0][1]]


def test_a_class_that_cannot_report_is_refused():
    """A mark that nobody would see must not look like one."""
    with pytest.raises(ValueError, match="decorate the methods that answer"):

        @nocache
        class Resource:
            def on_get(self):
                """Answer."""


def test_a_builtin_can_be_decorated():
    """Its wrapper carries the mark."""
    assert len(find_marks(nocache(len), "GET")) == 1


def test_an_object_that_takes_no_mark_is_refused():
    """A mark that nobody would see must not look like one."""

    class Slotted:
        __slots__ = ()

        def __call__(self):
            """Answer."""

    with pytest.raises(ValueError, match="takes no mark; decorate its class"):
        nocache(Slotted())


def test_a_scope_attribute_that_refuses_to_be_looked_at():
    """A proxy outside its context raises on any look."""

    class Proxy:
        @property
        def scope(self):
            raise RuntimeError("working outside of request context")

    @nocache
    def view(proxy):
        return 1

    async def app(scope, receive, send):
        assert view(Proxy()) == 1
        await send(start())

    assert caching(answer(NoCacheMiddleware(app, default=RELAXED))) == [
        NO_STORE.fields[0][1]
    ]


def test_a_scope_without_a_receive_is_no_request():
    """A model of the app's own may have a field of that name."""

    class Token:
        scope = http_scope()
        receive = None

    @nocache
    def view(token):
        return 1

    async def app(scope, receive, send):
        assert view(Token()) == 1
        await send(start())

    assert len(caching(answer(NoCacheMiddleware(app, default=RELAXED)))) == 1


def test_decorators_that_come_late_are_heard(monkeypatch):
    """What was taken for settled is asked again, once they are imported."""
    monkeypatch.setattr(Process, "marks", False)
    early = NoCacheMiddleware(sending(start()))
    assert early._constant is not None
    expect_marks()
    assert early._constant is None
    assert NoCacheMiddleware(sending(start()))._constant is None
    assert len(caching(answer(early))) == 1
