"""The page as both demos serve it: which file is where, and with which fields.

Paths, types and fields belong here; what the visitor sees belongs in the files
themselves, and how they are sent in the apps.
"""

from importlib.resources import files
from typing import NamedTuple

from .items import NEVER_STORE

PAGE_FIELDS = NEVER_STORE | {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; "
        "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'"
    ),
    "x-content-type-options": "nosniff",
}


class PageFile(NamedTuple):
    """One file of the page."""

    path: str
    name: str
    media_type: str

    def read(self) -> bytes:
        """Its content, from beside this module."""
        return files("asgi_nocache.demo").joinpath(self.name).read_bytes()


PAGE_FILES = (
    PageFile("/", "page.html", "text/html"),
    PageFile("/page.css", "page.css", "text/css"),
    PageFile("/page.js", "page.js", "text/javascript"),
)
