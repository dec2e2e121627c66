"""Every block of README.md and docs/ does what its page says."""

from collections import Counter
from pathlib import Path

import pytest
from page_blocks import PAGES, Block, blocks_of, name_of
from page_session import Session, Untrue


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_page_is_true(
    page: Path, tmp_path: Path, block_counts: Counter[str]
) -> None:
    """Its blocks run, in order, and print what it says."""
    session = Session(tmp_path)

    session.run(blocks_of(page))

    block_counts.update(session.counts)
