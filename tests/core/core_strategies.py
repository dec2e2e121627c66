"""Hypothesis strategies for values of the core.

Canonical values are built by construction, not by ``canonical()``, so that
what is tested does not make its own examples.
"""

import warnings
from collections.abc import Iterable
from typing import Any

from hypothesis import strategies as st

from asgi_nocache import (
    APP_DECIDES,
    LEGACY_2014,
    NO_STORE,
    NO_STORE_EDGE,
    NO_STORE_MINIMAL,
    PRIVATE,
    PUBLIC,
    REVALIDATE,
    CacheControl,
    Policy,
    RequestFacts,
    ResponseFacts,
    Rule,
)
from asgi_nocache._core.rules import RuleSet
from asgi_nocache._core.selection import Mark

lifetimes = st.sampled_from([0, 1, 60, 3600, 2**31])
flags = st.booleans()
maybe = st.none() | lifetimes

#: Extensions in one order and lower case, as a canonical value has them.
_extensions = st.sets(
    st.sampled_from([("a", None), ("b", "1"), ("b2", '"x, no-store"')]), max_size=2
).map(lambda pairs: tuple(sorted(pairs)))

_never_store = st.builds(CacheControl, no_store=st.just(True), no_transform=flags)
_revalidated = st.builds(
    lambda private, revalidate, **rest: CacheControl(
        private=private,
        no_cache=True,
        max_age=0,
        must_revalidate=private or revalidate,
        **rest,
    ),
    flags,
    flags,
    proxy_revalidate=flags,
    no_transform=flags,
)


def _fresh(must_revalidate: bool, stale: tuple[Any, Any], **rest: Any) -> CacheControl:
    swr, error = (None, None) if must_revalidate else stale
    return CacheControl(
        must_revalidate=must_revalidate,
        stale_while_revalidate=swr,
        stale_if_error=error,
        **rest,
    )


_common: dict[str, Any] = {
    "max_age": lifetimes,
    "immutable": flags,
    "proxy_revalidate": flags,
    "no_transform": flags,
    "extensions": _extensions,
}
_stale = st.tuples(maybe, maybe)
_private = st.builds(_fresh, flags, _stale, private=st.just(True), **_common)
_open = st.builds(
    _fresh,
    flags,
    _stale,
    public=flags,
    s_maxage=maybe,
    must_understand=flags,
    **_common,
)

#: Every level, with a lifetime where one may be; and "unspecified".
canonical = st.one_of(
    st.just(CacheControl()), _never_store, _revalidated, _private, _open
)

_texts = st.sampled_from(
    "no-store no-cache private public must-revalidate proxy-revalidate no-transform "
    "immutable must-understand max-age=5 max-age=60 max-age=-1 s-maxage=9 max-age=x "
    "stale-while-revalidate=5 stale-if-error=9 ext=1 no-store=1 public=1 "
    'private="set-cookie" Max-Age=7 NO-CACHE "a b\\" ext="a, ,, no-store;x'.split(" ")
)
#: A value as apps send it: duplicates, contradictions and oddities included.
sent_values = st.lists(_texts, max_size=5).flatmap(
    lambda texts: st.sampled_from([", ", ",", " ,\t"]).map(
        lambda comma: comma.join(texts).encode()
    )
)
#: Such a value with a lifetime or a level, so that it says more than flags do.
levelled_values = st.builds(
    lambda level, rest: level + b", " + rest,
    st.sampled_from(
        [b"max-age=60", b"no-store", b"s-maxage=9, max-age=60", b"no-cache"]
    ),
    sent_values,
)
any_bytes = st.binary(max_size=40) | st.binary(max_size=40).map(
    lambda noise: b'max-age=5, x="' + noise
)

_dates = st.sampled_from([b"0", b"Sun, 06 Nov 1994 08:49:37 GMT", b"later"])
_caching_lines = st.one_of(
    st.tuples(
        st.sampled_from([b"Cache-Control", b"cache-control", b"CACHE-CONTROL"]),
        levelled_values,
    ),
    st.tuples(st.sampled_from([b"Pragma", b"pragma"]), st.just(b"no-cache")),
    st.tuples(st.sampled_from([b"Expires", b"expires", b"Date"]), _dates),
    st.tuples(
        st.sampled_from([b"CDN-Cache-Control", b"surrogate-control", b"Edge-Control"]),
        levelled_values,
    ),
    st.tuples(st.just(b"X-Accel-Expires"), st.sampled_from([b"0", b"60", b"600"])),
)
_other_lines = st.tuples(
    st.sampled_from(
        [b"ETag", b"Last-Modified", b"Vary", b"Set-Cookie", b"X-Own", b"No-Vary-Search"]
    ),
    st.sampled_from([b"a", b"Accept", b"\xff"]),
) | st.tuples(st.just(b"content-type"), st.sampled_from([b"text/html", b"text/css"]))
field_lists = st.lists(_caching_lines | _other_lines, max_size=6)

presets = st.sampled_from(
    [
        NO_STORE,
        NO_STORE_MINIMAL,
        NO_STORE_EDGE,
        LEGACY_2014,
        REVALIDATE,
        APP_DECIDES,
        PRIVATE(0),
        PRIVATE(60, vary=["Accept"]),
        PUBLIC(60),
        PUBLIC(3600, s_maxage=9, immutable=True, vary=["Accept", "Origin"]),
        PUBLIC(60, shared_with_credentials=True, stale_if_error=5),
        Policy(CacheControl(no_cache=True, max_age=0)),
        Policy(CacheControl(no_store=True), clear_site_data=True),
        Policy(
            CacheControl(public=True, max_age=60),
            beside=(("cdn-cache-control", "max-age=9"),),
        ),
    ]
)
policies = presets | canonical.filter(bool).map(Policy)

modes = st.sampled_from(["stricter", "override", "if-missing"])
_paths = st.sampled_from([None, "/**", "/a", "/a/**", "/{x}", "/b/*.css"])


def rules(**fixed: Any) -> st.SearchStrategy[Rule]:
    given: dict[str, Any] = {
        "credentials": st.sampled_from([None, None, True, False]),
        "methods": st.sampled_from([None, None, ["GET"]]),
        "status": st.sampled_from([None, None, 404]),
    }
    path = fixed.pop("path", _paths)
    return st.builds(Rule, path, presets, **given | fixed)


floors = rules(floor=st.just(True))


def rule_set(given: Iterable[Rule], **options: Any) -> RuleSet:
    """Return a rule set, whether or not some of its rules are shadowed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return RuleSet(given, **options)


requests = st.builds(
    RequestFacts,
    st.sampled_from(["GET", "GET", "HEAD", "POST", "OPTIONS"]),
    fields=st.lists(
        st.sampled_from([(b"cookie", b"a"), (b"Authorization", b"b"), (b"te", b"c")]),
        max_size=1,
    ),
    path=st.sampled_from(["/a", "/a/b", "/b/x.css", "/"]),
    scheme=st.sampled_from(["http", "https"]),
)
responses = st.builds(
    ResponseFacts, st.sampled_from([200, 200, 200, 206, 304, 404]), field_lists
)
#: One line at most, of the values that are seen most.
plain_responses = st.builds(
    ResponseFacts,
    st.just(200),
    st.sampled_from(
        [b"", b"no-store", b"no-cache", b"private", b"public", b"max-age=60"]
    ).map(lambda value: [(b"cache-control", value)] if value else []),
)
marks = st.builds(Mark, st.none() | presets)
