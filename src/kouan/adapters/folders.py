"""Making a folder's entries durable."""

import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Return once the names in the folder are on the disk: a synced file is lost if its name is not (fsync(2))."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
