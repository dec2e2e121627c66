"""Hypothesis without a deadline, and a folder with files to extend."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from asgi_nocache import ConfigurationError
from asgi_nocache.config import load_config

settings.register_profile("config", deadline=None, max_examples=150)
settings.load_profile("config")


class Files:
    """Configuration files in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, text: str, name: str = "nocache.toml") -> Path:
        """Write a file; its first line is the one after the opening quotes."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.removeprefix("\n"), encoding="utf-8")
        return path

    def problems(self, text: str, name: str = "nocache.toml") -> tuple[str, ...]:
        """Return what is said to be wrong with a file."""
        path = self.write(text, name)
        with pytest.raises(ConfigurationError) as caught:
            load_config(path)
        return caught.value.problems

    def load(self, text: str, name: str = "nocache.toml") -> Any:
        """Return what a file says."""
        return load_config(self.write(text, name))


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Files:
    monkeypatch.chdir(tmp_path)
    return Files(tmp_path)
