"""Compiling to machine code, once on each machine.

numba compiles at the first run and keeps the result beside the source or, where that folder cannot be written, in the
user's cache (``NUMBA_CACHE_DIR`` names another). So the first run after an installation takes some seconds more;
``run.is_prepared`` says whether that is still to come. numba sees a change in the file of the function that it keeps
only: all that is compiled stands in ``engine.py``.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])

OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "forceinline": True, "_nrt": False}
"""No interpreter's lock, so that cores run side by side; inlined, and without numba's counting of references to arrays,
which nothing here makes or keeps: measured, that counting takes fifteen times as long as the events themselves."""


def compiled(function: F) -> F:
    """Compile a part of the event loop."""
    return cast("F", numba.njit(**OPTIONS)(function))


def entry(function: F) -> F:
    """Compile the event loop itself, and keep it for the next process."""
    return cast("F", numba.njit(cache=True, **OPTIONS)(function))
