"""What processes say about themselves, on standard error: warnings, or all that ``KOUAN_LOG`` asks for."""

import logging
import os

from kouan.vocabulary.errors import InvalidValue

VARIABLE = "KOUAN_LOG"
"""Environment variable with the least level that is said: debug, info, warning (the default) or error."""

_LEVELS = ("debug", "info", "warning", "error")

_TALKATIVE = ("httpcore", "hpack")
"""Libraries that at debug write whole headers, session cookies among them: they stay at info."""


def set_up_logging() -> None:
    """Log to standard error from now on; raise InvalidValue where the variable names no level."""
    level = os.environ.get(VARIABLE, "warning").lower()
    if level not in _LEVELS:
        raise InvalidValue(VARIABLE, "settings.log", f"must be one of {', '.join(_LEVELS)}")
    logging.basicConfig(level=level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.INFO, logging.getLogger().level))
