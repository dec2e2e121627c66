"""Every block of README.md and docs/ does what its page says."""

from collections import Counter
from pathlib import Path

import pytest
from page_blocks import PAGES, Block, blocks_of, name_of
from page_session import Session, UntrueError

HERE = PAGES[0]
FALSE = {
    "a command prints something else": Block(
        HERE, 1, "console", "", "$ python -c 'print(1)'\n2\n"
    ),
    "a command fails": Block(HERE, 1, "console", "", "$ python -c 'exit(3)'\n"),
    "a command that nobody can type": Block(HERE, 1, "console", "", "$ rm -r /\n"),
    "nothing was typed": Block(HERE, 1, "console", "", "uvicorn main:app\n"),
    "no such extra": Block(
        HERE, 1, "console", "", "$ pip install 'asgi-nocache[colour]'\n"
    ),
    "no such target": Block(HERE, 1, "console", "", "$ make coffee\n"),
    "python that raises": Block(HERE, 1, "python", "", "1 / 0\n"),
    "a check that fails": Block(HERE, 1, "python", "", "assert False\n", hidden=True),
    "a file that nothing uses": Block(HERE, 1, "python", "main.py", "app = 1\n"),
    "a language that nothing runs": Block(HERE, 1, "java", "", "int x;\n"),
}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_page_is_true(
    page: Path, tmp_path: Path, block_counts: Counter[str]
) -> None:
    """Its blocks run, in order, and print what it says."""
    session = Session(tmp_path)

    session.run(blocks_of(page))

    block_counts.update(session.counts)


@pytest.mark.parametrize("block", FALSE.values(), ids=FALSE.keys())
def test_a_false_page_is_found(block: Block, tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        Session(tmp_path).run([block])


def test_untrue_names_the_place(tmp_path: Path) -> None:
    with pytest.raises(UntrueError, match=r"README\.md:1: ZeroDivisionError"):
        Session(tmp_path).run([FALSE["python that raises"]])
