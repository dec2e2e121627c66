"""What the fuzzer checks: each function holds one promise for whatever it is given.

How often and for how long they run is fuzzing.py's.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

sys.path += [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "proof")]

import fuzz_strategies as make
from asgi_driver import http_scope, run, sending, start
from worst_case import is_plain, meant, no_looser, worst

from asgi_nocache import (
    CacheControl,
    ConfigurationError,
    NoCacheMiddleware,
    RequestFacts,
    ResponseFacts,
    Rule,
    decide,
)
from asgi_nocache import _shortcut as shortcut
from asgi_nocache._box import Process
from asgi_nocache._core.selection import preview
from asgi_nocache._messages import plain_answer
from asgi_nocache._names import MAX_NAME, MAX_NAMES
from asgi_nocache._refusals import Refusals
from asgi_nocache.wsgi import NoCacheWSGIMiddleware

Lines = list[tuple[bytes, bytes]]
#: So small that a short run fills it, and forgets.
FEW = 12


def facts(x: dict[str, Any]) -> tuple[RequestFacts, ResponseFacts]:
    """Return the facts of one exchange, all of them."""
    request = RequestFacts(
        x["method"],
        x["path"] or "/",
        tuple(x["asked"]),
        path=x["path"],
        root_path=x["root_path"],
        scheme=x["scheme"],
    )
    return request, ResponseFacts(x["status"], tuple(x["lines"]))


def expected(x: dict[str, Any], rules: Any, refusals: Refusals) -> tuple[int, Lines]:
    """Return what is to leave, decided anew."""
    request, response = facts(x)
    if refused := refusals.of(request, preview(request, rules)):
        answer = plain_answer(refused, rules.never_store, x["method"])
        return refused, answer[0]["headers"]
    return x["status"], decide(request, response, rules, now=time.time()).apply(
        x["lines"]
    )


def as_sent(x: dict[str, Any]) -> Any:
    """Return the lines of an answer in one of the forms that ASGI allows."""
    kind, lines = x["kind"], list(x["lines"])
    if kind == "bytearray":
        return [[bytearray(k), bytearray(v)] for k, v in lines]
    return {"list": lines, "tuple": tuple(lines), "iterator": iter(lines)}[kind]


def quietly(build: Any, *args: Any, **options: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return build(*args, **options)


def scope_of(x: dict[str, Any]) -> dict[str, Any]:
    scope = http_scope("/", x["method"], headers=list(x["asked"]))
    same = {name: x[name] for name in ("path", "root_path", "scheme")}
    return {**scope, **same, "raw_path": None}


def check_middleware(options: dict[str, Any], refusals: Refusals, order: Any) -> None:
    """What is remembered equals decide(), before, while and after it is forgotten."""
    message = start()
    app = quietly(
        NoCacheMiddleware,
        sending(message),
        **options,
        reject_ambiguous=refusals.ambiguous,
        refuse_prefetch=refusals.prefetch,
    )
    bound, shortcut.MAX_ENTRIES = shortcut.MAX_ENTRIES, FEW
    marks = Process.marks
    try:
        for x in order:
            Process.marks = x["marked"]
            message["status"], message["headers"] = x["status"], as_sent(x)
            (first, *_) = run(app, scope_of(x))
            status, lines = expected(x, app.policy_set, refusals)
            assert (first["status"], list(first["headers"])) == (status, lines)
            check_memory(app._shortcuts)
    finally:
        shortcut.MAX_ENTRIES, Process.marks = bound, marks


def check_memory(memory: shortcut.Shortcuts) -> None:
    """Bounded in number, and in the size of what a client chooses."""
    held = list(memory.places.values())
    kinds = {id(p._exchanges): p._exchanges for p in held}
    kinds |= {id(each): each for each in memory.exchanges.values()}
    known = [each for kind in kinds.values() for each in kind.values()]
    assert len(held) + len(known) + sum(len(e.outcomes) for e in known) <= FEW + 1
    assert len(kinds) <= 2 * FEW
    for key in memory.places:
        path = key if isinstance(key, str) else key[0]
        assert len(path) <= shortcut.MAX_PATH
    assert all(len(repr(key)) < 32 * shortcut.MAX_PATH for key in memory.exchanges)
    for kind in kinds.values():
        assert all(len(repr(key)) < 4 * shortcut.MAX_ODD * MAX_NAME for key in kind)
    for names in (memory.caching, memory.request_names, memory.response_names):
        assert len(names.known) <= MAX_NAMES
        assert all(len(name) <= MAX_NAME for name in names.known)


def check_wsgi(options: dict[str, Any], x: dict[str, Any]) -> None:
    """Under WSGI leaves what decide() says, too."""
    assume("\ufffd" not in x["path"] and x["path"].startswith("/"))
    root = x["root_path"].rstrip("/")
    asked = {
        k.lower(): v for k, v in x["asked"] if k.replace(b"-", b"").isalnum() and v
    }
    asked = {
        k: v for k, v in asked.items() if k not in (b"content-type", b"content-length")
    }
    environ: dict[str, Any] = {
        "REQUEST_METHOD": x["method"],
        "SCRIPT_NAME": root.encode().decode("latin-1"),
        "PATH_INFO": x["path"].encode(errors="replace").decode("latin-1"),
        "wsgi.url_scheme": x["scheme"],
    }
    for name, value in asked.items():
        environ["HTTP_" + name.decode().upper().replace("-", "_")] = value.decode(
            "latin-1"
        )

    def app(environ: Any, start_response: Any) -> list[bytes]:
        text = [(k.decode("latin-1"), v.decode("latin-1")) for k, v in x["lines"]]
        start_response(f"{x['status']} Whatever", text)
        return [b""]

    told: list[Any] = []
    shell = quietly(NoCacheWSGIMiddleware, app, **options)
    list(shell(environ, lambda *args: told.extend(args)))
    same = {**x, "root_path": root, "path": root + x["path"], "asked": [*asked.items()]}
    _, lines = expected(same, shell.policy_set, Refusals())
    assert [(k.encode("latin-1"), v.encode("latin-1")) for k, v in told[1]] == lines


def check_nested(options: dict[str, Any], x: dict[str, Any]) -> None:
    """Two instances of one policy come to what one does."""
    inner = quietly(
        NoCacheMiddleware, sending(start(list(x["lines"]), x["status"])), **options
    )

    async def router(scope: Any, receive: Any, send: Any) -> None:
        scope["endpoint"] = inner
        await inner(scope, receive, send)

    outer = quietly(NoCacheMiddleware, router, **options)
    (first,) = run(outer, scope_of(x))
    assert first["headers"] == expected(x, outer.policy_set, Refusals())[1]


def check_twice(options: dict[str, Any], x: dict[str, Any]) -> None:
    """What leaves, sent once more, leaves as it is."""
    rules = make.compiled(options)
    request, response = facts(x)
    once = decide(request, response, rules).apply(x["lines"])
    again = decide(request, ResponseFacts(x["status"], tuple(once)), rules).apply(once)
    assert again == once


def check_never_looser(options: dict[str, Any], x: dict[str, Any]) -> None:
    """One plain line that no cache takes for more than app, policy and guards mean."""
    rules = make.compiled(options)
    request, response = facts(x)
    decision = decide(request, response, rules)
    said = [v for k, v in x["lines"] if k.lower() == b"cache-control"]
    after = decision.apply(x["lines"])
    lines = [(k, v) for k, v in after if k.lower() == b"cache-control"]
    decided = [p.cache_control for p in decision.selection.policies if p.cache_control]
    if not decided and not decision.guards:
        assert after == x["lines"]  # the app decides
        return
    ((name, value),) = lines
    if b"ext=" not in value and b"a=" not in value:
        assert is_plain(value)
    assert name == b"cache-control"
    for control in decided:
        assert no_looser(worst(value), meant([str(control).encode()]))
    if said != [b"no-cache"]:  # Flask's send_file says so of every file
        assert no_looser(worst(value), meant(said))
    fired = {*decision.guards}
    if fired & {"authorization", "cookie", "set_cookie"}:
        assert worst(value).shared == -1
    if fired & {"error_status", "unsafe_method", "extension_mismatch"}:
        assert worst(value) == (-1, -1)


def check_rule(arguments: dict[str, Any]) -> None:
    """Whatever is written: a rule that works, or the one error that explains."""
    try:
        rule = quietly(Rule, **arguments)
    except ConfigurationError:
        return
    decide(RequestFacts(), ResponseFacts(), [rule])


def check_control(arguments: dict[str, Any]) -> None:
    """What can be written can be sent, and reads as it was written, or stricter."""
    try:
        control = CacheControl(**arguments)
    except ConfigurationError:
        return
    assert CacheControl.parse(str(control)).covers(control)
    assert "\r" not in str(control) and "\n" not in str(control)  # noqa: PT018


ARGUMENTS = (
    "methods hosts status media_types endpoints tags credentials when mode floor "
    "guards reason"
).split()
_refusals = st.builds(Refusals, st.booleans(), st.booleans())
_flag = st.sampled_from([False, False, True])
_age = st.none() | st.integers(-1, 2**33)
#: The checks, and what each takes.
CHECKS: list[tuple[Callable[..., None], tuple[st.SearchStrategy[Any], ...]]] = [
    (
        check_middleware,
        (make.rule_sets(), _refusals, st.lists(make.exchanges, max_size=14)),
    ),
    (check_never_looser, (make.rule_sets(closed=True), make.exchanges)),
    (check_twice, (make.rule_sets(), make.exchanges)),
    (check_nested, (make.rule_sets(), make.exchanges)),
    (check_wsgi, (make.rule_sets(), make.exchanges)),
    (
        check_rule,
        (
            st.fixed_dictionaries(
                {"path": make.any_text | st.none(), "policy": make.policies},
                optional=dict.fromkeys(ARGUMENTS, make.any_argument),
            ),
        ),
    ),
    (
        check_control,
        (
            st.fixed_dictionaries(
                {},
                optional={
                    **dict.fromkeys("no_store no_cache private public".split(), _flag),
                    **dict.fromkeys("max_age s_maxage stale_if_error".split(), _age),
                    "extensions": st.lists(
                        st.tuples(make.any_text, st.none() | make.any_text), max_size=2
                    ).map(tuple),
                },
            ),
        ),
    ),
]
