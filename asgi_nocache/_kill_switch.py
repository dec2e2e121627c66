"""The kill switch: an environment variable that stops us from changing anything.

Read when a middleware is built, said in the log, and counted per request.
"""

from __future__ import annotations

import os
from typing import Final

from ._core.errors import ConfigurationError
from ._report import logger

SWITCH: Final = "ASGI_NOCACHE_MODE"


def read_switch() -> str:
    """Return ``"off"``, ``"report"`` or ``""``, from the environment.

    Raises:
        ConfigurationError: It is set to something else.
    """
    value = os.environ.get(SWITCH, "")
    if value not in ("", "off", "report"):
        raise ConfigurationError(
            f"environment variable {SWITCH}",
            [f"{value!r} is unknown; set 'report' or 'off', or unset it"],
        )
    if value:
        logger.warning("%s=%s: no response is changed", SWITCH, value)
    return value
