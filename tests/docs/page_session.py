"""Running the blocks of a page, as a reader would, in a folder of its own.

What a block is belongs in ``page_blocks``, what a command line does in
``page_commands``. A Python block runs in the page's namespace, one with a title is
written to that file, and a console block types its commands and compares what they
print with what the page says they print.
"""

from __future__ import annotations

import difflib
import doctest
import os
import sys
import tomllib
from collections import Counter
from itertools import zip_longest
from pathlib import Path
from typing import Any

from page_blocks import Block
from page_commands import Shell, is_looked_up

#: A page says ``...`` for what it leaves out.
_CHECKER = doctest.OutputChecker()
_FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


class UntrueError(AssertionError):
    """A page says what is not so."""


class Session:
    """One reader, who does what one page says.

    Attributes:
        counts: How many blocks were run, compared, parsed or left.
    """

    def __init__(self, folder: Path) -> None:
        self.counts: Counter[str] = Counter()
        self._folder = folder
        self._names: dict[str, Any] = {"__name__": "page"}
        self._shell = Shell(folder)
        self._typed = ""
        #: Files that the page told to write, with where it did.
        self._written: dict[str, Block] = {}

    def run(self, blocks: list[Block]) -> None:
        """Run *blocks*.

        Raises:
            UntrueError: With the place, and what is so.
        """
        here, path, known = Path.cwd(), list(sys.path), set(sys.modules)
        os.chdir(self._folder)
        sys.path.insert(0, str(self._folder))
        try:
            for block, after in zip_longest(blocks, blocks[1:]):
                self._run(block, after)
            self._nothing_for_show()
        finally:
            os.chdir(here)
            sys.path[:] = path
            for name in set(sys.modules) - known:
                module = sys.modules[name]
                # A folder without __init__.py is a module without a file.
                at = getattr(module, "__file__", "") or getattr(module, "__path__", "")
                if str(self._folder) in str(at):
                    del sys.modules[name]  # another page has one of that name
            self._shell.close()

    def _run(self, block: Block, after: Block | None) -> None:
        if block.not_run:
            self.counts["not run, and the page says why"] += 1
        elif block.language == "console":
            self._type(block)
        elif block.language == "python":
            self._python(block)
        elif block.title:
            self._file(block)
        elif after and after.hidden and "shown" in after.source:
            self._names["shown"] = block.source
            self.counts["other text, compared by the check after it"] += 1
        else:
            raise UntrueError(
                f"{block.place}: nothing runs a block of {block.language or 'text'!r}; "
                "give it a title, a check of what is shown after it, or write "
                "<!-- not run: why --> before it"
            )

    def _python(self, block: Block) -> None:
        if block.title:
            # Compiled now, so that a mistake is told of this page.
            compile(block.source, block.place, "exec")
            self._write(block)
            self.counts["python, written to a file that a command then used"] += 1
            return
        self._typed += block.source
        # So that a traceback has the page's own lines.
        source = "\n" * block.line + block.source
        try:
            exec(compile(source, block.place, "exec"), self._names)
        except Exception as error:
            raise UntrueError(
                f"{block.place}: {type(error).__name__}: {error}"
            ) from error
        self.counts["checks that readers do not see" if block.hidden else "python"] += 1

    def _file(self, block: Block) -> None:
        """Write a file, or compare one that a command wrote."""
        path = self._folder / block.title
        if path.exists() and block.title not in self._written:
            _compare(block, block.source, path.read_text(encoding="utf-8"))
            self.counts["files, compared with what a command wrote"] += 1
            return
        if block.language == "toml":
            tomllib.loads(block.source)
        self._write(block)
        self.counts["other files, that a command then used"] += 1

    def _write(self, block: Block) -> None:
        path = self._folder / block.title
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.source, encoding="utf-8")
        self._written[block.title] = block
        # A server that reloads would do so now.
        self._shell.changed = True

    def _type(self, block: Block) -> None:
        commands = _commands(block)
        only_names = all(is_looked_up(command) for command, _ in commands)
        kind = "names looked up, not run" if only_names else "typed and compared"
        self.counts[f"console, {kind}"] += 1
        for command, expected in commands:
            self._typed += f"\n{command}"
            printed = self._shell.type(command, block.place)
            if expected.strip():
                _compare(block, expected, printed, command)
        self._shell.expect_clean(block.place)

    def _nothing_for_show(self) -> None:
        """Check that each file that was written was used."""
        used = self._typed + "".join(b.source for b in self._written.values())
        for title, block in self._written.items():
            module = title.removesuffix(".py").replace("/", ".")
            last = module.rsplit(".", 1)[-1]
            names = (title, module, f"import {last}", f" {last}:")
            if not any(name in used for name in names):
                raise UntrueError(f"{block.place}: no command used {title}")


def _commands(block: Block) -> list[tuple[str, str]]:
    """Return the command lines of a console block, each with what it prints."""
    found: list[tuple[str, str]] = []
    for line in block.source.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], ""))
        elif found and found[-1][0].endswith("\\"):
            found[-1] = (found[-1][0][:-1] + line.strip(), "")
        elif found:
            found[-1] = (found[-1][0], f"{found[-1][1]}{line}\n")
        else:
            found = []
            raise UntrueError(
                f"{block.place}: write '$ ' before what is typed: {line!r}"
            )
    return found


def _compare(block: Block, expected: str, found: str, of: str = "") -> None:
    """Raise unless *found* is what the page says, but for what it leaves out."""
    if _CHECKER.check_output(expected, found, _FLAGS):
        return
    lines = difflib.unified_diff(
        expected.splitlines(), found.splitlines(), "the page", "what is so", lineterm=""
    )
    raise UntrueError(f"{block.place}: {of or block.title}\n" + "\n".join(lines))
