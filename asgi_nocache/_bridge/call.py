"""One call of a WSGI app, in a worker: its environ, its body, its errors.

asgiref's instance with what is broken replaced; the environ and the limit on equal
fields stay asgiref's. No event loop here: the outbox takes what comes.
"""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Callable, Iterable
from typing import Any

from asgiref.wsgi import WsgiToAsgiInstance

from .._environ import connect, mend, unambiguous
from .._flask import write_route
from .files import FileWrapper
from .inbox import BodyStream, TooLargeError
from .outbox import ClientGoneError, Outbox, refusal

logger = logging.getLogger("asgi_nocache.bridge")

Body = io.BytesIO | io.BufferedReader


class Call(WsgiToAsgiInstance):
    """Runs a WSGI app once.

    Args:
        application: The app.
        duplicate_header_limit: Request fields of one name that are too many.
        scope: The http scope.
        outbox: Where the response goes.
        stream: The request body, if more of it is to come.
    """

    def __init__(
        self,
        application: Callable[..., Iterable[bytes]],
        duplicate_header_limit: int,
        scope: Any,
        outbox: Outbox,
        stream: BodyStream | None,
    ) -> None:
        super().__init__(application, duplicate_header_limit)  # type: ignore[no-untyped-call]
        self.scope = scope
        self._whole_scope = scope
        self._start: dict[str, Any] | None = None
        self._outbox = outbox
        self._stream = stream
        self._ended = False

    def run(self, body: Body) -> None:
        """Run the app with *body*, and hand over what it answers or raises."""
        try:
            self._run(body)
        except ClientGoneError:
            pass
        except Exception as error:  # noqa: BLE001 - it goes on in the loop
            self._fail(error)
        except BaseException as error:  # noqa: BLE001
            # What ends a thread must not end the server.
            raised = RuntimeError(f"the app raised {type(error).__name__}")
            raised.__cause__ = error
            self._fail(raised)

    def _run(self, body: Body) -> None:
        try:
            environ = self.build_environ(self.scope, body)
        except ValueError as error:
            self._refuse(400, error)
            return
        result = self.wsgi_application(environ, self.start_response)
        if isinstance(result, FileWrapper) and not self.response_started:
            try:
                self._begin()
                self._outbox.finish(file=result)  # who closes it
            except BaseException:
                self._close(result)
                raise
            return
        try:
            self._iterate(result)
        finally:
            self._close(result)

    def build_environ(self, scope: Any, body: Any) -> dict[str, Any]:
        """Return asgiref's environ, mended.

        Raises:
            ValueError: Too many fields of one name.
        """
        # asgiref reads some of its argument and some of the attribute.
        self.scope = {
            **scope,
            "query_string": b"",
            "headers": unambiguous(scope.get("headers", ())),
        }
        environ: dict[str, Any] = super().build_environ(self.scope, body)  # type: ignore[no-untyped-call]
        mend(environ, scope)
        environ["wsgi.file_wrapper"] = FileWrapper
        connect(environ, scope)
        return environ

    def start_response(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, status: str, response_headers: Any, exc_info: Any = None
    ) -> Callable[[bytes], None]:
        """Take the status and the fields (PEP 3333), and return ``write``.

        Raises:
            RuntimeError: It was called before, and *exc_info* is missing.
        """
        if exc_info is not None:
            try:
                if self.response_started:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None  # a circle with this frame
        elif self._start is not None:
            raise RuntimeError("start_response was called again without exc_info")
        write_route(self._whole_scope)
        fields = [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in response_headers
        ]
        lengths = [int(value) for name, value in fields if name == b"content-length"]
        self.response_content_length = lengths[-1] if lengths else None
        self._outbox.length = self.response_content_length
        self._start = {
            "type": "http.response.start",
            "status": int(status.partition(" ")[0]),
            "headers": fields,
        }
        return self._write

    def _write(self, chunk: bytes) -> None:
        """Send *chunk* at once: what start_response returns."""
        if chunk:
            self._put(chunk)

    def _iterate(self, result: Iterable[bytes]) -> None:
        whole = isinstance(result, list | tuple)
        for chunk in [b"".join(result)] if whole else result:
            if chunk:
                self._put(chunk, last=whole)
            else:
                self._outbox.check()  # or who sends nothing never stops
            if self._ended:
                return
        if not self._ended:
            self._begin()
            self._outbox.finish()

    def _put(self, chunk: Any, *, last: bool = False) -> None:
        """Hand over *chunk*, as far as Content-Length allows.

        What would follow the announced length is not asked for (PEP 3333).
        """
        if not isinstance(chunk, bytes):
            if not isinstance(chunk, bytearray | memoryview):
                raise TypeError(f"the app gave {type(chunk).__name__}, not bytes")
            chunk = bytes(chunk)  # it may be filled again
        self._begin()
        left = self._outbox.length
        if left is not None and not self._ended:
            chunk = chunk[:left]
            self._outbox.length = left - len(chunk)
            last = last or len(chunk) == left
        if not self._ended:
            self._ended = last
            self._outbox.put(chunk, last=last)

    def _begin(self) -> None:
        """Let the response begin, if it has not."""
        if self.response_started:
            return
        if self._stream is not None and self._stream.too_large is not None:
            raise self._stream.too_large  # whatever the app made of it
        if self._start is None:
            raise RuntimeError("the app answered without start_response")
        self.response_started = True
        self._outbox.start = self._start

    def _fail(self, error: Exception) -> None:
        with contextlib.suppress(ClientGoneError):
            if isinstance(error, TooLargeError) and not self.response_started:
                self._refuse(413, error)
            else:
                self._outbox.finish(error)

    def _refuse(self, status: int, error: Exception) -> None:
        start, body = refusal(status, error)
        self._outbox.start = start
        self._outbox.put(body["body"], last=True)

    def _close(self, result: Any) -> None:
        try:
            if close := getattr(result, "close", None):
                close()
        except Exception:
            # The response is on its way, so nobody but the log can be told.
            logger.exception("closing the response to %r failed", self.scope["path"])
