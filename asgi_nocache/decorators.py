"""nocache, cache_policy, set_policy: marks, from an endpoint's own file.

A decorator marks the endpoint (for the audit, and for hosts that name the
endpoint in the scope) and reports the mark when the endpoint runs. What a mark
comes to is the core's.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable, MutableMapping
from typing import Any, TypeVar, cast, overload

from . import _flask
from ._box import expect_marks, report
from ._core.conditions import Reader
from ._core.decision import decide
from ._core.errors import ConfigurationError, NoCacheError
from ._core.facts import RequestFacts, ResponseFacts
from ._core.policy import Policy
from ._core.rules import MODES, Mode
from ._core.selection import Mark
from ._endpoint_marks import ATTRIBUTE, forget_marks, remember_decorated
from ._preconditions import strip_preconditions

expect_marks()

F = TypeVar("F", bound=Callable[..., Any])


@overload
def nocache(endpoint: F, /) -> F: ...
@overload
def nocache(*, reason: str = "") -> Callable[[F], F]: ...
def nocache(endpoint: F | None = None, /, *, reason: str = "") -> F | Callable[[F], F]:
    """Keep what this endpoint answers out of every cache.

    Works on functions, generators, classes and methods, sync and async, above or
    below the framework's own decorator, bare or called. What is sent is the
    middleware's default, if that is never-store, else ``NO_STORE``.

    Args:
        endpoint: The endpoint, when used bare.
        reason: Why, for reports.

    Raises:
        NoCacheError: When the endpoint runs, no middleware serves it, and the
            host gives no response to write on.
    """
    mark = Mark(None, reason=reason)
    if endpoint is None:
        return functools.partial(_marked, mark)
    return _marked(mark, endpoint)


def cache_policy(
    policy: Policy, *, mode: Mode = "stricter", reason: str = ""
) -> Callable[[F], F]:
    """Declare what may be cached of what this endpoint answers.

    Args:
        policy: What applies; it beats the rules, but not the floors.
        mode: How it meets what the endpoint itself sends.
        reason: Why, for reports.

    Raises:
        ConfigurationError: *policy* is not a policy, or *mode* is unknown.
    """
    mark = _checked("cache_policy", policy, mode, reason)
    return functools.partial(_marked, mark)


def set_policy(policy: Policy) -> None:
    """Declare what may be cached of the response to the request under way.

    Call it inside an endpoint, or in a FastAPI dependency, which covers a whole
    router: ``APIRouter(dependencies=[Depends(lambda: set_policy(NO_STORE))])``.

    Raises:
        ConfigurationError: *policy* is not a policy.
        NoCacheError: No middleware serves the request, and it is not Flask's.
    """
    mark = _checked("set_policy", policy, "stricter", "")
    if not (report(mark) or _flask.apply(mark)):
        raise NoCacheError(_missing("set_policy()"))


def _checked(place: str, policy: Any, mode: Any, reason: str) -> Mark:
    reader = Reader()
    if not isinstance(policy, Policy):
        reader.problems.append(
            f"policy={policy!r} is not a Policy; write {place}(PRIVATE(max_age=60))"
        )
    reader.choice("mode", mode, MODES)
    if reader.problems:
        raise ConfigurationError(place, reader.problems)
    return Mark(policy, mode, reason)


def _missing(who: str) -> str:
    return (
        f"{who} ran, but no NoCacheMiddleware serves this request, so nothing was "
        "declared; write app = NoCacheMiddleware(app), or install(app) from "
        "asgi_nocache.starlette (and import the decorators before the app serves)"
    )


def _marked(mark: Mark, endpoint: F) -> F:
    """Return *endpoint*, marked, and wrapped where a wrapper can report."""
    _flask.listen()
    given: Any = endpoint
    if isinstance(given, staticmethod | classmethod):
        return cast("F", type(given)(_marked(mark, given.__func__)))
    if not callable(given):
        raise ConfigurationError(
            "nocache", [f"{endpoint!r} is not callable; decorate the endpoint"]
        )
    if isinstance(given, type):
        _attach(mark, given)
        _wrap_class(mark, given)
        remember_decorated(given)
        return endpoint
    if inspect.isroutine(given) or isinstance(given, functools.partial):
        if not inspect.ismethod(given):  # its function serves other objects too
            _attach(mark, given)
        wrapper = _wrapped(mark, given)
        _attach(mark, wrapper)
        remember_decorated(wrapper)
        return cast("F", wrapper)
    marked = _wrapped_object(mark, given)
    remember_decorated(marked)
    return cast("F", marked)


def _attach(mark: Mark, endpoint: Any) -> None:
    held = getattr(endpoint, "__dict__", {}).get(ATTRIBUTE, ())
    with contextlib.suppress(AttributeError):  # a builtin: its wrapper is marked
        setattr(endpoint, ATTRIBUTE, tuple(dict.fromkeys((*held, mark))))
    forget_marks()


def _wrap_class(mark: Mark, cls: Any) -> None:
    """Let a class-based endpoint report: one method runs for every request."""
    for name in ("dispatch", "dispatch_request", "__call__"):
        method = getattr(cls, name, None)
        if inspect.isfunction(method):
            setattr(cls, name, _wrapped(mark, method, returns=name != "dispatch"))
            return
    raise ConfigurationError(
        "nocache",
        [
            f"{cls!r} has no method that runs for every request (dispatch, "
            "dispatch_request or __call__); decorate the methods that answer"
        ],
    )


def _wrapped_object(mark: Mark, endpoint: Any) -> Any:
    """Return *endpoint*, an object that is called: itself, so that it stays whole.

    Only a class of its own can make its call report.
    """
    _attach(mark, endpoint)
    cls = type(endpoint)
    call = _wrapped(mark, cls.__call__)
    try:
        endpoint.__class__ = type(cls.__name__, (cls,), {"__call__": call})
    except TypeError:  # a class that cannot be extended
        raise ConfigurationError(
            "nocache", [f"{endpoint!r} takes no mark; decorate its class instead"]
        ) from None
    return endpoint


def _wrapped(
    mark: Mark, endpoint: Callable[..., Any], *, returns: bool = True
) -> Callable[..., Any]:
    """Return a wrapper that reports *mark*, a coroutine function if *endpoint* is.

    Args:
        mark: The mark.
        endpoint: What is wrapped.
        returns: Whether it returns a response, rather than sending one itself.
    """
    # A generator runs when the response has started, so its call reports.
    generates = inspect.isgeneratorfunction(endpoint) or inspect.isasyncgenfunction(
        endpoint
    )

    def call(args: tuple[Any, ...], kwargs: dict[str, Any]) -> _Call:
        new = _Call(mark, endpoint, args, kwargs)
        if generates or not returns or _is_asgi(args):
            new.must_be_served()  # it returns nothing to write on
        return new

    async def wrapper_coroutine(*args: Any, **kwargs: Any) -> Any:
        done = call(args, kwargs).done
        return done(await endpoint(*args, **kwargs))

    def wrapper_function(*args: Any, **kwargs: Any) -> Any:
        done = call(args, kwargs).done
        return done(endpoint(*args, **kwargs))

    is_async = inspect.iscoroutinefunction(endpoint)
    wrapper = wrapper_coroutine if is_async else wrapper_function
    functools.update_wrapper(wrapper, endpoint)
    return wrapper


class _Call:
    """One call of a marked endpoint: reports the mark, or applies it itself."""

    def __init__(
        self,
        mark: Mark,
        endpoint: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        self._mark = mark
        self._endpoint = endpoint
        self._scope = _find_scope(args, kwargs)
        answers = self._scope is None or self._scope["type"] == "http"
        self._served = report(mark, self._scope) or not answers
        if not self._served and self._scope is None:
            self._served = _flask.apply(mark)
        never = mark.policy is None or mark.policy.never_store
        if never and not self._served and self._scope is not None:
            strip_preconditions(self._scope)

    def done(self, result: Any) -> Any:
        """Return *result*; without a middleware, with the fields written on it."""
        if self._served:
            return result
        fields: Any = getattr(result, "raw_headers", None)
        if not isinstance(fields, list):
            self.must_be_served()
        scope = self._scope or {}
        request = RequestFacts(
            scope.get("method", "GET"),
            scope.get("path", "/"),
            tuple(scope.get("headers", ())),
            scheme=scope.get("scheme", "http"),
        )
        status = getattr(result, "status_code", 200)
        response = ResponseFacts(status, tuple(fields), marks=(self._mark,))
        result.raw_headers = decide(request, response).apply(fields)
        return result

    def must_be_served(self) -> None:
        """Raise unless a middleware serves the request."""
        if not self._served:
            name = getattr(self._endpoint, "__qualname__", repr(self._endpoint))
            raise NoCacheError(_missing(f"a decorator on {name}"))


def _is_asgi(args: tuple[Any, ...]) -> bool:
    """Tell whether *args* end as those of an ASGI app: scope, receive, send."""
    return (
        len(args) >= 3
        and isinstance(args[-3], MutableMapping)
        and args[-3].get("type") in ("http", "websocket", "lifespan")
        and all(each is None or callable(each) for each in args[-2:])
    )


def _find_scope(
    args: tuple[Any, ...], kwargs: dict[str, Any]
) -> MutableMapping[str, Any] | None:
    """Return the scope among the arguments of an endpoint, if one holds it.

    Never a mapping by its looks alone: an argument may be what a client sent.
    """
    if _is_asgi(args):
        return cast("MutableMapping[str, Any]", args[-3])
    for each in (*args, *kwargs.values()):
        with contextlib.suppress(Exception):  # a proxy may refuse to be looked at
            scope = each.scope
            if isinstance(scope, MutableMapping) and callable(each.receive):
                return scope
    return None
