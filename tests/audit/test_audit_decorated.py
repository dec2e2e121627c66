"""Which endpoints were decorated: known while they live, and no longer."""

import functools
import gc
from typing import Any

from asgi_nocache import PRIVATE, cache_policy, nocache
from asgi_nocache._endpoint_marks import decorated_endpoints, remember_decorated


def is_known(endpoint: Any) -> bool:
    return any(each is endpoint for each in decorated_endpoints())


@nocache
def function() -> None: ...


@cache_policy(PRIVATE(max_age=9))
async def coroutine() -> None: ...


def undecorated() -> None: ...


@nocache
class View:
    def dispatch(self) -> None: ...

    @nocache
    def get(self) -> None: ...

    @staticmethod
    @nocache
    def static() -> None: ...


class Endpoint:
    def __call__(self) -> None: ...


def test_what_was_decorated() -> None:
    endpoint = nocache(Endpoint())
    partial = nocache(functools.partial(undecorated))

    for each in (function, coroutine, View, View.get, View.static, endpoint, partial):
        assert is_known(each)
    assert not is_known(undecorated)


def test_each_once() -> None:
    names = [each for each in decorated_endpoints() if each is function]

    assert len(names) == 1


def test_nothing_is_kept_alive() -> None:
    def make() -> int:
        @nocache
        def passing() -> None: ...

        assert is_known(passing)
        return id(passing)

    gone = make()
    gc.collect()
    assert gone not in {id(each) for each in decorated_endpoints()}


def test_what_takes_no_weak_reference() -> None:
    remember_decorated(len)
    remember_decorated(7)

    assert not is_known(7)
