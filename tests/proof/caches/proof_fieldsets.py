"""The field sets of careless and hostile apps, all on a 200: a table, no code.

In values, ``{n}`` is the number of the answer, ``{now}`` and ``{future}`` are dates.
``Expires: {now}`` is not among them: what it means depends on the second.
"""

from __future__ import annotations

from proof_record import Lines

OLD_DATE = "Mon, 04 Jan 2016 10:00:00 GMT"
EPOCH = "Thu, 01 Jan 1970 00:00:00 GMT"

_LM = ("Last-Modified", OLD_DATE)
_ETAG = ("ETag", '"v1"')
_PRAGMA = ("Pragma", "no-cache")
_COOKIE = ("Set-Cookie", "id=1; HttpOnly")
#: What the decorator of 2014 sent.
_LEGACY = (
    (
        "Cache-Control",
        "no-store, no-cache, must-revalidate, post-check=0, pre-check=0, max-age=0",
    ),
    _PRAGMA,
    ("Expires", "-1"),
)

Table = dict[str, tuple[str, Lines]]


def _cc(control: str, *more: tuple[str, str]) -> tuple[str, Lines]:
    """A line of Cache-Control and what stands beside it; titled by their values."""
    title = "; ".join([control, *(f"{n}: {v}" for n, v in more)])
    return title, (("Cache-Control", control), *more)


def _of(*lines: tuple[str, str]) -> tuple[str, Lines]:
    return "; ".join(f"{n}: {v}" for n, v in lines), lines


_SILENT: Table = {
    "bare": ("nothing said", ()),
    "lm-10y": ("Last-Modified, ten years ago", (_LM,)),
    "lm-now": ("Last-Modified: now", (("Last-Modified", "{now}"),)),
    "etag": ("ETag", (_ETAG,)),
    "etag-lm": ("ETag and Last-Modified", (_ETAG, _LM)),
    "etag-weak": ("weak ETag", (("ETag", 'W/"v1"'),)),
    "etag-changing": ("ETag, changing", (("ETag", '"v{n}"'),)),
}
_CONTROL: Table = {
    "no-store": _cc("no-store"),
    "no-store-etag-lm": _cc("no-store", _ETAG, _LM),
    "no-cache": _cc("no-cache"),
    "no-cache-etag": _cc("no-cache", _ETAG),
    "no-cache-lm": _cc("no-cache", _LM),
    "max-age-3600": _cc("max-age=3600"),
    "max-age-3600-etag": _cc("max-age=3600", _ETAG),
    "max-age-0": _cc("max-age=0"),
    "max-age-0-etag": _cc("max-age=0", _ETAG),
    "max-age-0-must-lm": _cc("max-age=0, must-revalidate", _LM),
    "must-revalidate-lm": _cc("must-revalidate", _LM),
    "proxy-revalidate": _cc("max-age=3600, proxy-revalidate"),
    "s-maxage": _cc("s-maxage=3600"),
    "s-maxage-max-age-0": _cc("s-maxage=3600, max-age=0"),
    "public": _cc("public"),
    "public-lm": _cc("public", _LM),
    "public-max-age": _cc("public, max-age=3600"),
    "immutable": _cc("public, max-age=31536000, immutable"),
    "immutable-alone": _cc("immutable", _LM),
    "swr": _cc("max-age=0, stale-while-revalidate=600", _ETAG),
    "stale-if-error": _cc("max-age=0, stale-if-error=600", _ETAG),
    "private": _cc("private"),
    "private-lm": _cc("private", _LM),
    "private-max-age": _cc("private, max-age=3600"),
    "private-no-cache-etag": _cc("private, no-cache", _ETAG),
    "must-understand": _cc("must-understand, no-store, max-age=3600"),
    "no-transform": _cc("no-transform, max-age=3600"),
    "extension": _cc("max-age=3600, community=UCI"),
}
_EXPIRES: Table = {
    "expires-minus-1-lm": _of(("Expires", "-1"), _LM),
    "expires-0-lm": _of(("Expires", "0"), _LM),
    "expires-0": _of(("Expires", "0")),
    "expires-epoch": _of(("Expires", EPOCH)),
    "expires-epoch-lm": _of(("Expires", EPOCH), _LM),
    "expires-1997-lm": _of(("Expires", "Mon, 26 Jul 1997 05:00:00 GMT"), _LM),
    "expires-future": _of(("Expires", "{future}")),
    "expires-future-no-store": _cc("no-store", ("Expires", "{future}")),
    "expires-future-no-cache": _cc("no-cache", ("Expires", "{future}")),
    "expires-two": _of(("Expires", "0"), ("Expires", "{future}")),
    "pragma": _of(_PRAGMA),
    "pragma-lm": _of(_PRAGMA, _LM),
    "pragma-max-age": _of(_PRAGMA, ("Cache-Control", "max-age=3600")),
}
_CONTRADICTIONS: Table = {
    "no-store-max-age": _cc("no-store, max-age=3600"),
    "max-age-no-store": _cc("max-age=3600, no-store"),
    "no-store-public": _cc("no-store, public, max-age=3600"),
    "public-no-store": _cc("public, max-age=3600, no-store"),
    "no-cache-public": _cc("no-cache, public, max-age=3600"),
    "private-public": _cc("private, public, max-age=3600"),
    "lines-no-store-public": _cc("no-store", ("Cache-Control", "public, max-age=3600")),
    "lines-public-no-store": _cc("public, max-age=3600", ("Cache-Control", "no-store")),
    "lines-no-store-pragma": _cc(
        "no-store", ("Cache-Control", "public, max-age=3600"), _PRAGMA
    ),
    "lines-private-max-age": _cc("private", ("Cache-Control", "max-age=3600")),
    "two-max-ages": _cc("max-age=1, max-age=3600"),
    "two-max-ages-back": _cc("max-age=3600, max-age=0"),
    "lines-two-max-ages": _cc("max-age=0", ("Cache-Control", "max-age=3600")),
    "legacy": ("the set of 2014", _LEGACY),
    "legacy-public": (
        "the set of 2014, then public, max-age=3600",
        (*_LEGACY, ("Cache-Control", "public, max-age=3600")),
    ),
    "legacy-lm": ("the set of 2014, Last-Modified", (*_LEGACY, _LM)),
}
_SPELLINGS: Table = {
    "upper-no-store": _cc("NO-STORE"),
    "upper-no-store-age": _cc("NO-STORE, max-age=3600"),
    "title-no-store-lm": _cc("No-Store", _LM),
    "title-no-cache-lm": _cc("No-Cache", _LM),
    "title-private": _cc("Private, max-age=3600"),
    "title-max-age": _cc("Max-Age=3600"),
    "name-case": ("CACHE-CONTROL: max-age=3600", (("CACHE-CONTROL", "max-age=3600"),)),
    "quoted-max-age": _cc('max-age="3600"'),
    "quoted-no-store": _cc('no-store="x", max-age=3600'),
    "no-store-argument": _cc("no-store=1, max-age=3600"),
    "qualified-no-cache": _cc('no-cache="set-cookie", max-age=3600'),
    "qualified-private": _cc('private="x-user", max-age=3600'),
    "quoted-extension": _cc('ext="a, no-store", max-age=3600'),
    "unterminated": _cc('ext="a, no-store, max-age=3600'),
    "delta-negative": _cc("max-age=-1", _LM),
    "delta-fraction": _cc("max-age=3600.5"),
    "delta-letters": _cc("max-age=a100"),
    "delta-trailing": _cc("max-age=100a"),
    "delta-space": _cc("max-age= 3600"),
    "delta-empty": _cc("max-age=", _LM),
    "delta-missing": _cc("max-age", _LM),
    "delta-huge": _cc("max-age=99999999999999999999"),
    "semicolon": _cc("no-store;max-age=3600"),
    "semicolon-back": _cc("max-age=3600; no-store"),
    "no-spaces": _cc("no-store,no-cache,max-age=3600"),
    "empty-members": _cc(", ,no-store,, max-age=3600,"),
    "empty": _cc("", _LM),
    "nonsense": _cc("none", _LM),
    "apostrophes": _cc("'no-store', max-age=3600"),
}
_SIDES: Table = {
    "surrogate": _cc("no-store", ("Surrogate-Control", "max-age=3600")),
    "surrogate-alone": _of(("Surrogate-Control", "max-age=3600")),
    "surrogate-no": _cc("max-age=3600", ("Surrogate-Control", "no-store")),
    "surrogate-legacy": (
        "the set of 2014; Surrogate-Control: max-age=3600",
        (*_LEGACY, ("Surrogate-Control", "max-age=3600")),
    ),
    "cdn": _cc("no-store", ("CDN-Cache-Control", "max-age=3600")),
    "cdn-alone": _of(("CDN-Cache-Control", "max-age=3600")),
    "cdn-no": _cc("max-age=3600", ("CDN-Cache-Control", "no-store")),
    "cdn-cloudflare": _cc("no-store", ("Cloudflare-CDN-Cache-Control", "max-age=99")),
    "x-accel-first": _of(
        ("X-Accel-Expires", "3600"), ("Cache-Control", "no-store, private")
    ),
    "x-accel-last": _cc("no-store, private", ("X-Accel-Expires", "3600")),
    "x-accel-alone": _of(("X-Accel-Expires", "3600")),
    "x-accel-no": _of(("X-Accel-Expires", "0"), ("Cache-Control", "max-age=3600")),
    "x-accel-legacy": (
        "X-Accel-Expires: 3600; the set of 2014",
        (("X-Accel-Expires", "3600"), *_LEGACY),
    ),
    "edge-control": _cc("no-store", ("Edge-Control", "max-age=3600")),
    "no-vary-search": _cc("max-age=3600", ("No-Vary-Search", "params")),
}
_OTHERS: Table = {
    "star": _cc("max-age=3600", ("Vary", "*")),
    "star-lm": _of(("Vary", "*"), _LM),
    "accept-star": _cc("max-age=3600", ("Vary", "Accept, *")),
    "set-cookie": _cc("max-age=3600", _COOKIE),
    "set-cookie-lm": _of(_COOKIE, _LM),
    "set-cookie-public": _cc("public, max-age=3600", _COOKIE),
    "age": _cc("max-age=3600", ("Age", "7")),
    "age-old": _cc("max-age=3600", ("Age", "7200")),
    "age-lm": _of(("Age", "7"), _LM),
}

FIELDSETS: dict[str, Table] = {
    "Nothing said": _SILENT,
    "Cache-Control": _CONTROL,
    "Expires and Pragma": _EXPIRES,
    "Contradictions": _CONTRADICTIONS,
    "Spellings": _SPELLINGS,
    "Side fields": _SIDES,
    "Vary, cookies, Age": _OTHERS,
}
