"""nocache, cache_policy, set_policy: marks, from an endpoint's own file.

A decorator marks the endpoint (for the audit, and for hosts that name the
endpoint in the scope) and reports the mark when the endpoint runs. What a mark
comes to is the core's.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncIterator, Callable, Iterator, MutableMapping
from contextlib import aclosing
from typing import Any, TypeVar, cast, overload

from ._box import ATTRIBUTE, PRECONDITIONS, Process, find_box, report
from ._core.conditions import Reader
from ._core.decision import decide
from ._core.errors import ConfigurationError, NoCacheError
from ._core.facts import RequestFacts, ResponseFacts
from ._core.fields import without
from ._core.policy import Policy
from ._core.rules import MODES, Mode, RuleSet
from ._core.selection import Mark

Process.marks = True

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
        NoCacheError: No middleware serves the request.
    """
    mark = _checked("set_policy", policy, "stricter", "")
    box = find_box()
    if box is None:
        raise NoCacheError(_missing("set_policy()"))
    report(box, mark)


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
        "asgi_nocache.starlette"
    )


def _marked(mark: Mark, endpoint: F) -> F:
    """Return *endpoint*, marked, and wrapped where a wrapper can report."""
    if not callable(endpoint):
        raise ConfigurationError(
            "nocache", [f"{endpoint!r} is not callable; decorate the endpoint"]
        )
    _attach(mark, endpoint)
    if isinstance(endpoint, type):
        _wrap_dispatch(mark, endpoint)
        return cast("F", endpoint)
    if not (inspect.isroutine(endpoint) or isinstance(endpoint, functools.partial)):
        return endpoint  # an object that is an app: it keeps its other attributes
    return cast("F", _wrapped(mark, endpoint))


def _attach(mark: Mark, endpoint: Any) -> None:
    held = getattr(endpoint, "__dict__", {}).get(ATTRIBUTE, ())
    target = getattr(endpoint, "__func__", endpoint)  # a bound method has no own
    setattr(target, ATTRIBUTE, (*held, mark))


def _wrap_dispatch(mark: Mark, cls: Any) -> None:
    """Let a class-based endpoint report: one method runs for every request."""
    for name in ("dispatch", "dispatch_request", "__call__"):
        method = getattr(cls, name, None)
        if inspect.isfunction(method):
            setattr(cls, name, _wrapped(mark, method))
            return


def _wrapped(mark: Mark, endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """Return a wrapper of the same nature as *endpoint* that reports *mark*."""
    nature = next((w for test, w in _NATURES if test(endpoint)), _wrap_function)
    wrapper = nature(mark, endpoint)
    functools.update_wrapper(wrapper, endpoint)
    return wrapper


def _wrap_coroutine(mark: Mark, endpoint: Callable[..., Any]) -> Callable[..., Any]:
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        call = _Call(mark, endpoint, args, kwargs)
        return call.done(await endpoint(*args, **kwargs))

    return wrapper


def _wrap_function(mark: Mark, endpoint: Callable[..., Any]) -> Callable[..., Any]:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        call = _Call(mark, endpoint, args, kwargs)
        return call.done(endpoint(*args, **kwargs))

    return wrapper


def _wrap_generator(mark: Mark, endpoint: Callable[..., Any]) -> Callable[..., Any]:
    def wrapper(*args: Any, **kwargs: Any) -> Iterator[Any]:
        _Call(mark, endpoint, args, kwargs).must_be_served()
        yield from endpoint(*args, **kwargs)

    return wrapper


def _wrap_async_generator(
    mark: Mark, endpoint: Callable[..., Any]
) -> Callable[..., Any]:
    async def wrapper(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        _Call(mark, endpoint, args, kwargs).must_be_served()
        async with aclosing(endpoint(*args, **kwargs)) as items:
            async for item in items:
                yield item

    return wrapper


_NATURES: tuple[tuple[Callable[[Any], bool], Callable[..., Any]], ...] = (
    (inspect.iscoroutinefunction, _wrap_coroutine),
    (inspect.isasyncgenfunction, _wrap_async_generator),
    (inspect.isgeneratorfunction, _wrap_generator),
)


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
        scope = _find_scope((*args, *kwargs.values()))
        box = find_box(scope)
        self._served = box is not None
        if box is not None:
            report(box, mark, scope)
            return
        if args and (args[0] is scope or hasattr(args[0], "send")):
            self.must_be_served()  # what sends by itself returns nothing to edit
        if scope is not None and (mark.policy is None or mark.policy.never_store):
            scope["headers"] = without(scope.get("headers", ()), PRECONDITIONS)

    def done(self, result: Any) -> Any:
        """Return *result*; without a middleware, with the fields written on it."""
        if self._served:
            return result
        fields: Any = getattr(result, "raw_headers", None)
        if not isinstance(fields, list):
            self.must_be_served()
        rules = RuleSet(guards=())
        response = ResponseFacts(
            getattr(result, "status_code", 200), tuple(fields), marks=(self._mark,)
        )
        result.raw_headers = decide(RequestFacts(), response, rules).apply(fields)
        return result

    def must_be_served(self) -> None:
        """Raise unless a middleware serves the request."""
        if not self._served:
            name = getattr(self._endpoint, "__qualname__", repr(self._endpoint))
            raise NoCacheError(_missing(f"a decorator on {name}"))


def _find_scope(candidates: tuple[Any, ...]) -> MutableMapping[str, Any] | None:
    """Return the scope among the arguments of an endpoint, if one holds it."""
    for each in candidates:
        scope = each if isinstance(each, MutableMapping) else _scope_attribute(each)
        if isinstance(scope, MutableMapping) and "type" in scope:
            return scope
    return None


def _scope_attribute(candidate: Any) -> Any:
    try:
        return getattr(candidate, "scope", None)
    except Exception:  # noqa: BLE001 - a proxy may refuse to be looked at
        return None
