"""Says what runs: one line that changes on a terminal, plain lines in a pipe."""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType
from typing import Self

from proof_record import Cell, Column
from rich.console import Console
from rich.markup import escape


class Progress:
    """Shows what each running cache is being asked; used in a ``with``."""

    def __init__(self, total: int) -> None:
        self._console = Console(file=sys.stderr, highlight=False)
        self._status = self._console.status("")
        self._total, self._done = total, 0
        self._now: dict[str, str] = {}
        self._began = time.monotonic()
        self._lock = threading.Lock()  # browsers run beside servers

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._status.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._status.stop()

    def told(self, cache: str, what: str) -> None:
        """Take note that *cache* is at *what*."""
        with self._lock:
            if cache not in self._now and not self._console.is_terminal:
                self._console.print(f"{cache}: {what}", markup=False)
            self._now[cache] = what
            self._show()

    def done(self, column: Column, cells: tuple[Cell, ...]) -> None:
        """Take note that a column is there, or is not going to be."""
        with self._lock:
            self._done += 1
            self._now.pop(column.name, None)
            name = f"{column.name} {column.version}".strip()
            if column.skipped:
                line = f"[yellow]{name}: skipped, {escape(column.skipped)}[/]"
            else:
                wrong = sum(bool(c.wrong and not c.known) for c in cells)
                colour = "red" if wrong else "green"
                took = f"{len(cells)} cells, {column.seconds:.1f} s"
                line = f"[{colour}]{name}: {took}, {wrong} wrong[/]"
            self._console.print(line)
            self._show()

    def _show(self) -> None:
        running = "; ".join(f"{name}: {what}" for name, what in self._now.items())
        seconds = time.monotonic() - self._began
        head = f"{self._done}/{self._total} caches, {seconds:.0f} s"
        self._status.update(f"{head}  {running}")
