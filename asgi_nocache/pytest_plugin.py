"""The pytest plugin: the audit as test items, the policy enforced in existing tests.

Loaded by every pytest run where the package is installed, so nothing is imported but
pytest until an option is used. What an audit finds is ``audit``'s business.
"""

from __future__ import annotations

import importlib
import time
import warnings
from collections.abc import Callable, Generator, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from .audit.load import Loaded
    from .audit.values import Finding
    from .audit.watch import Seen, Watch

_AUDIT, _ENFORCE, _APP = "--nocache-audit", "--nocache-enforce", "--nocache-app"
_MARK = "nocache_exempt"


class NoCacheWarning(UserWarning):
    """A response broke the policy, under ``--nocache-enforce=warn``."""


class _Found(Exception):  # noqa: N818 - what an item failed with, not an error
    """Findings, as the text of a failed item."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options; see ``pytest --help``."""
    group = parser.getgroup("asgi-nocache", "caching policy (asgi-nocache)")
    group.addoption(
        _AUDIT,
        metavar="MODULE:APP",
        help="audit this app: one item for each route and method",
    )
    group.addoption(
        _ENFORCE,
        choices=("off", "warn", "fail"),
        default="off",
        help="what a test gets whose response broke the app's policy (default: off)",
    )
    group.addoption(
        _APP,
        metavar="MODULE:APP",
        help=f"the app whose policy {_ENFORCE} keeps (also ini: nocache_app)",
    )
    parser.addini("nocache_app", f"the same as {_APP}", default="")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and what the options ask for.

    Raises:
        pytest.UsageError: No app is named, or it cannot be loaded.
    """
    config.addinivalue_line(
        "markers", f"{_MARK}(reason): responses of this test may break the policy"
    )
    if audited := config.getoption(_AUDIT):
        config.pluginmanager.register(_Audits(_load(config, audited)), "nocache-audit")
    how: str = config.getoption(_ENFORCE) or "off"
    if how == "off":
        return
    named = config.getoption(_APP) or config.getini("nocache_app") or audited
    if not named:
        raise pytest.UsageError(
            f"{_ENFORCE}={how} needs to know the app: say {_APP}=module:app, or "
            "nocache_app = module:app in the ini file"
        )
    from .audit.watch import Watch

    watch = Watch(_load(config, named))
    config.add_cleanup(_patched(watch))
    config.pluginmanager.register(_Enforces(watch, how), "nocache-enforce")


def _load(config: pytest.Config, named: str) -> Loaded:
    from .audit.load import AppNotLoaded, load_app

    try:
        return load_app(named, app_dir=str(config.rootpath))
    except AppNotLoaded as error:
        raise pytest.UsageError(str(error)) from error


class _Audits:
    """Adds the audit's items to those that were collected."""

    def __init__(self, loaded: Loaded) -> None:
        self.loaded = loaded

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(
        self, session: pytest.Session, items: list[pytest.Item]
    ) -> None:
        items += _items(session, self.loaded)


def _items(session: pytest.Session, loaded: Loaded) -> Iterator[pytest.Item]:
    """Yield an item for each row, and one for what is wrong with none of them."""
    from datetime import datetime

    from .audit.baseline import FILE
    from .audit.run import Options, audit
    from .audit.values import Severity

    known = session.config.rootpath / FILE
    options = Options(baseline=known if known.is_file() else None)
    today = datetime.now().astimezone().date()
    made = audit(loaded.app, loaded.name, options, today)
    if not made.rows:
        raise pytest.UsageError(f"{loaded.name} has no routes; is it the right app?")
    left = list(made.counting(Severity.ERROR))
    for row in made.rows:
        own = [f for f in left if f.route is row.route and f.method == row.method]
        left = [f for f in left if f not in own]
        name = row.key if row.method else f"{row.key} (not HTTP)"
        yield _item(session, loaded.name, name, own)
    yield _item(session, loaded.name, "the app and its rules", left)


def _item(
    session: pytest.Session, app: str, name: str, findings: list[Finding]
) -> pytest.Item:
    item = AuditItem.from_parent(session, name=name, nodeid=f"{app}::{name}")
    item.app, item.findings = app, findings
    return item


class AuditItem(pytest.Item):
    """One route and method of the audited app; fails with its findings."""

    app = ""
    findings: list[Finding]

    def runtest(self) -> None:
        """Fail if there are findings that count."""
        if self.findings:
            raise _Found("\n\n".join(map(_finding_text, self.findings)))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> str:  # type: ignore[override]
        """Return the findings, without a traceback of ours."""
        return str(excinfo.value)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Return what stands in the report's headline."""
        return Path(self.app), None, self.name


def _finding_text(finding: Finding) -> str:
    at = f"  {finding.place}" if finding.place else ""
    return (
        f"{finding.code} {finding.severity.value} {finding.where}{at}\n"
        f"  {finding.message}\n"
        f"  why: {finding.why} ({finding.reference})\n"
        f"  fix: {finding.fix}"
    )


class _Enforces:
    """Holds each test to the policy."""

    def __init__(self, watch: Watch, how: str) -> None:
        self.watch, self.how = watch, how

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        self.watch.breaches.clear()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None]:
        yield
        mark = item.get_closest_marker(_MARK)
        if mark and not (mark.args or mark.kwargs.get("reason")):
            pytest.fail(f"{_MARK} needs a reason: {_MARK}('...')", pytrace=False)
        if mark or not self.watch.breaches:
            return
        text = "\n".join(dict.fromkeys(self.watch.breaches))
        if self.how == "fail":
            pytest.fail(f"a response broke the policy:\n{text}", pytrace=False)
        warnings.warn(NoCacheWarning(text), stacklevel=1)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        line = f"{self.watch.loaded.name}: {self.watch.summary()}"
        terminalreporter.write_sep("-", "asgi-nocache")
        terminalreporter.write_line(line)


def _patched(watch: Watch) -> Callable[[], None]:
    """Let *watch* see what the installed test clients get; return how to undo it."""
    patch = pytest.MonkeyPatch()
    for module, owner, method, wrapped in _CLIENTS:
        if find_spec(module.partition(".")[0]) is None:
            continue
        try:
            found = getattr(importlib.import_module(module), owner, None)
        except (ImportError, RuntimeError):  # a test client without its own client
            continue
        if hasattr(found, method):
            patch.setattr(found, method, wrapped(getattr(found, method), watch))
    return patch.undo


def _noted(watch: Watch, transport: Any, request: Any, response: Any) -> Any:
    from .audit.watch import Seen
    from .testing import fields_of

    if watch.concerns(transport.app):
        watch.saw(
            Seen(
                request.method,
                request.url.raw_path.decode("ascii"),
                request.url.host,
                tuple(fields_of(request)),
                response.status_code,
                tuple(fields_of(response)),
                time.time(),
            )
        )
    return response


def _in_async(original: Any, watch: Watch) -> Any:
    async def handle_async_request(self: Any, request: Any) -> Any:
        return _noted(watch, self, request, await original(self, request))

    return handle_async_request


def _in_sync(original: Any, watch: Watch) -> Any:
    def handle_request(self: Any, request: Any) -> Any:
        return _noted(watch, self, request, original(self, request))

    return handle_request


def _in_wsgi(original: Any, watch: Watch) -> Any:
    def run_wsgi_app(self: Any, environ: Any, *args: Any, **kwargs: Any) -> Any:
        body, status, headers = original(self, environ, *args, **kwargs)
        if watch.concerns(self.application):
            watch.saw(_seen_wsgi(environ, status, headers))
        return body, status, headers

    return run_wsgi_app


def _seen_wsgi(environ: Any, status: str, headers: Any) -> Seen:
    from .audit.drive import status_code
    from .audit.watch import Seen

    path = quote(environ.get("PATH_INFO", "/").encode("latin-1"))
    query = environ.get("QUERY_STRING", "")
    sent = (
        (name[5:].replace("_", "-").lower(), value)
        for name, value in environ.items()
        if name.startswith("HTTP_")
    )
    return Seen(
        environ["REQUEST_METHOD"],
        f"{path}?{query}" if query else path,
        environ["SERVER_NAME"],
        tuple(sent),
        status_code(status),
        tuple((name.lower(), value) for name, value in headers),
        time.time(),
    )


#: What test suites ask their apps with: module, class, method, and how to look in.
_CLIENTS: tuple[tuple[str, str, str, Callable[[Any, Watch], Any]], ...] = (
    ("httpx", "ASGITransport", "handle_async_request", _in_async),
    ("httpx2", "ASGITransport", "handle_async_request", _in_async),
    ("starlette.testclient", "_TestClientTransport", "handle_request", _in_sync),
    ("werkzeug.test", "Client", "run_wsgi_app", _in_wsgi),
)
