"""What children write, kept in files that do not grow without bound."""

import os
import shutil
from pathlib import Path

MAX_BYTES = 8 * 1024 * 1024
"""A log is cut when it is longer. Our choice: about a week of an engine's remarks; twice this is kept at most."""


def open_log(path: Path) -> int:
    """Return a descriptor that appends to the log, mode 0600."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def bound_log(path: Path, max_bytes: int = MAX_BYTES) -> bool:
    """Move a long log's text to ``<name>.1`` and empty it; say whether that was done.

    The writer goes on undisturbed, because it appends; what it writes between the copy and the cut is lost.
    """
    try:
        if path.stat().st_size <= max_bytes:
            return False
    except FileNotFoundError:
        return False
    shutil.copyfile(path, path.with_name(f"{path.name}.1"))
    os.truncate(path, 0)
    return True


def tail(path: Path, start: int = 0, max_bytes: int = 4096) -> str:
    """Return the end of a log, for an error's message: what stands after byte ``start``, of that the last bytes."""
    try:
        with path.open("rb") as log:
            end = log.seek(0, os.SEEK_END)
            log.seek(max(start if start <= end else 0, end - max_bytes))
            return log.read().decode("utf-8", "replace").strip()
    except OSError:
        return ""
