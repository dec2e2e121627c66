"""Policy and the presets: what a response may allow, and what says so.

When a policy applies is rules.py's; how it is joined with what the app sent is
decision.py's. Every token that a preset emits has its reason in the README.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from .cache_control import CacheControl, contradictions
from .errors import ConfigurationError
from .fields import Fields, is_field_value, is_token
from .strictness import NEVER_STORE, OPEN, Level, Strictness

#: Fields that outrank Cache-Control somewhere: what says "no" in each, and what
#: says "revalidate" (``{}`` takes a lifetime in seconds). ``None``: removed.
#: Any other ``*-cdn-cache-control`` is treated as the first (RFC 9213).
SIDE_FIELDS: dict[bytes, tuple[str, str, str] | None] = {
    b"cdn-cache-control": ("no-store", "no-cache, max-age=0", "max-age={}"),
    b"surrogate-control": ("no-store, max-age=0", "no-cache, max-age=0", "max-age={}"),
    b"x-accel-expires": ("0", "0", "{}"),
    b"edge-control": ("no-store", "no-cache, max-age=0", "max-age={}"),
    b"no-vary-search": None,
}
_NOES = {texts[0] for texts in SIDE_FIELDS.values() if texts}
TARGETED_SUFFIX = b"-cdn-cache-control"

#: A constant: no clock and no locale. The second after the epoch, since Varnish
#: takes the epoch itself, ``0`` and ``-1`` for "no Expires".
EXPIRED = "Thu, 01 Jan 1970 00:00:01 GMT"


def side_texts(name: bytes) -> tuple[str, str, str] | None:
    """Return the texts of the side field *name* (lower case), ``None`` if none."""
    return SIDE_FIELDS[b"cdn-cache-control" if name.endswith(TARGETED_SUFFIX) else name]


def is_side_field(name: bytes) -> bool:
    """Tell whether *name* (lower case) can outrank ``Cache-Control``."""
    return name in SIDE_FIELDS or name.endswith(TARGETED_SUFFIX)


@dataclass(frozen=True, slots=True, repr=False)
class Policy:
    """What a response may allow: a frozen value.

    Args:
        cache_control: What ``Cache-Control`` says; ``None``: what the app sends.
        name: One word for reports and logs.
        beside: Further fields to send, as ``(name, value)``: ``pragma``,
            ``expires``, or a field that outranks ``Cache-Control`` somewhere.
        vary: Field names merged into the app's ``Vary``.
        strip_validators: Remove ``ETag`` and ``Last-Modified``.
        clear_site_data: Send ``Clear-Site-Data: "cache"`` over https. Slow in
            browsers, so for logout routes only.
        shared_with_credentials: Let shared caches keep what answers a request
            with ``Authorization`` (RFC 9111 section 3.5).

    Raises:
        ConfigurationError: With everything that is wrong.
    """

    cache_control: CacheControl | None
    name: str = field(default="", compare=False)
    beside: tuple[tuple[str, str], ...] = field(default=(), kw_only=True)
    vary: tuple[str, ...] = field(default=(), kw_only=True)
    strip_validators: bool = field(default=False, kw_only=True)
    clear_site_data: bool = field(default=False, kw_only=True)
    shared_with_credentials: bool = field(default=False, kw_only=True)
    #: Policies are keys of what is remembered, and deep enough to hash once.
    _hash: int = field(default=0, init=False, compare=False)

    def __hash__(self) -> int:
        return self._hash

    def __post_init__(self) -> None:
        for name in ("beside", "vary"):
            given: Any = getattr(self, name)
            if isinstance(given, Iterable) and not isinstance(given, str):
                object.__setattr__(self, name, tuple(given))
        if problems := list(_problems(self)):
            raise ConfigurationError(self.name or "Policy", problems)
        object.__setattr__(self, "beside", tuple((n, v) for n, v in self.beside))
        says = (self.cache_control, self.beside, self.vary, self.strip_validators)
        object.__setattr__(self, "_hash", hash(says))

    def __repr__(self) -> str:
        return self.name or f"Policy({str(self.cache_control)!r})"

    @property
    def strictness(self) -> Strictness:
        """What a private and a shared cache may do."""
        return OPEN if self.cache_control is None else self.cache_control.strictness

    @property
    def never_store(self) -> bool:
        """Whether no cache may store the response."""
        return self.strictness == NEVER_STORE

    @property
    def fields(self) -> Fields:
        """The field lines this policy sends on a response that sent none."""
        if self.cache_control is None:
            return ()
        lines = [("cache-control", str(self.cache_control)), *self.beside]
        return tuple((n.encode("ascii"), v.encode("ascii")) for n, v in lines)


def _problems(policy: Any) -> Iterable[str]:
    """Yield what is wrong with *policy*."""
    control = policy.cache_control
    if not (isinstance(policy.name, str) and policy.name.isprintable()):
        yield f"name={policy.name!r} cannot stand in a log; write it like 'BRIEF'"
    if control is not None and not isinstance(control, CacheControl):
        yield (
            f"cache_control={control!r} is not a CacheControl; "
            "write CacheControl(private=True, max_age=60)"
        )
        return
    if control is not None and not str(control):
        yield "cache_control=CacheControl() says nothing; use APP_DECIDES for that"
    if control is None:
        for name in ("beside", "vary", "strip_validators", "clear_site_data"):
            if getattr(policy, name):
                yield (
                    f"{name}={getattr(policy, name)!r} needs a cache_control; without "
                    "one, what the app sends leaves as it is"
                )
    if control is not None:
        yield from contradictions(control)
    if isinstance(policy.beside, tuple):
        problems = list(_beside_problems(policy.beside))
        yield from problems
        if policy.never_store and not problems:
            yield from _open_beside(policy.beside)
    else:
        yield f"beside={policy.beside!r} is not a list of (name, value) pairs"
    if not isinstance(policy.vary, tuple):
        kind = "a string" if isinstance(policy.vary, str) else "not a list"
        yield f"vary={policy.vary!r} is {kind}; write vary=[{policy.vary!r}]"
    else:
        for name in policy.vary:
            if not (isinstance(name, str) and is_token(name)):
                yield f"vary={name!r} is not a field name; write it like 'Accept'"
    if policy.shared_with_credentials and policy.strictness.shared is Level.NO_STORE:
        yield (
            "shared_with_credentials=True contradicts a policy that shuts shared "
            "caches out; drop it, or use PUBLIC(...)"
        )


def _open_beside(beside: Iterable[tuple[str, str]]) -> Iterable[str]:
    """Yield what beside no-store says more than no."""
    for name, value in beside:
        if is_side_field(name.encode()) and value not in _NOES:
            yield (
                f"{name}={value!r} contradicts no_store=True; shared caches that read "
                "it would store the response, so write 'no-store' or drop it"
            )


def _beside_problems(beside: Iterable[Any]) -> Iterable[str]:
    for item in beside:
        if not (isinstance(item, tuple | list) and len(item) == 2):
            yield f"beside={item!r} is not a (name, value) pair"
            continue
        name, value = item
        known = name in ("pragma", "expires") or (
            isinstance(name, str)
            and is_token(name)
            and is_side_field(name.encode())
            and side_texts(name.encode()) is not None
        )
        if not known:
            yield (
                f"beside={name!r} is not a caching field in lower case; choose "
                "'pragma', 'expires' or a field such as 'cdn-cache-control'"
            )
        elif not (isinstance(value, str) and is_field_value(value)):
            yield f"{name}={value!r} cannot be sent as a field value; use plain ASCII"


_EXPIRED_FIELDS = (("pragma", "no-cache"), ("expires", EXPIRED))
_NO_STORE = CacheControl(
    no_store=True, no_cache=True, must_revalidate=True, private=True, max_age=0
)

NO_STORE = Policy(_NO_STORE, "NO_STORE", beside=_EXPIRED_FIELDS)
"""The default: no cache of any measured kind stores or reuses it."""

NO_STORE_MINIMAL = Policy(CacheControl(no_store=True), "NO_STORE_MINIMAL")
"""Bare ``no-store``: lint-clean, and enough for conforming caches."""

NO_STORE_EDGE = Policy(
    _NO_STORE,
    "NO_STORE_EDGE",
    beside=(
        *_EXPIRED_FIELDS,
        ("cdn-cache-control", "no-store"),
        ("surrogate-control", "no-store, max-age=0"),
        ("x-accel-expires", "0"),
    ),
    strip_validators=True,
)
"""NO_STORE, said once more to edges that do not listen to Cache-Control.

``ETag`` and ``Last-Modified`` go, since Varnish and Traffic Server answer 304
by themselves where a validator stays the same under a changed body.
"""

LEGACY_2014 = Policy(
    CacheControl(no_store=True, no_cache=True, must_revalidate=True, max_age=0),
    "LEGACY_2014",
    beside=_EXPIRED_FIELDS,
)
"""The decorator's set of 2014, less what is measured harmful.

Left out: ``post-check`` and ``pre-check`` (npm's cache takes the pair as a sign
to ignore no-store), ``Expires: -1`` (Varnish and Chromium reuse it) and
``Last-Modified: now`` (it invites a 304).
"""

REVALIDATE = Policy(
    CacheControl(private=True, no_cache=True, must_revalidate=True, max_age=0),
    "REVALIDATE",
)
"""The browser may store it and asks before each reuse: keeps 304 and bfcache."""

APP_DECIDES = Policy(None, "APP_DECIDES")
"""What the app sent stands; guards still apply."""


def PRIVATE(  # noqa: N802 - a preset that takes a number reads like the others
    max_age: int,
    *,
    must_revalidate: bool = False,
    immutable: bool = False,
    stale_while_revalidate: int | None = None,
    vary: Iterable[str] = (),
) -> Policy:
    """Per-user data that may live *max_age* seconds in the browser.

    Raises:
        ConfigurationError: A number is not a whole number of seconds, 0 or more.
    """
    control = CacheControl(
        private=True,
        max_age=max_age,
        must_revalidate=must_revalidate,
        immutable=immutable,
        stale_while_revalidate=stale_while_revalidate,
    )
    return Policy(control, f"PRIVATE(max_age={max_age})", vary=vary)  # type: ignore[arg-type]


def PUBLIC(  # noqa: N802 - a preset that takes a number reads like the others
    max_age: int,
    *,
    s_maxage: int | None = None,
    must_revalidate: bool = False,
    immutable: bool = False,
    no_transform: bool = False,
    stale_while_revalidate: int | None = None,
    stale_if_error: int | None = None,
    vary: Iterable[str] = (),
    shared_with_credentials: bool = False,
) -> Policy:
    """Declared public content: any cache may reuse it for *max_age* seconds.

    Raises:
        ConfigurationError: A number is not a whole number of seconds, 0 or more.
    """
    control = CacheControl(
        public=True,
        max_age=max_age,
        s_maxage=s_maxage,
        must_revalidate=must_revalidate,
        immutable=immutable,
        no_transform=no_transform,
        stale_while_revalidate=stale_while_revalidate,
        stale_if_error=stale_if_error,
    )
    return Policy(
        control,
        f"PUBLIC(max_age={max_age})",
        vary=vary,  # type: ignore[arg-type]
        shared_with_credentials=shared_with_credentials,
    )
