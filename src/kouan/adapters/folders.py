"""Folders whose entries are durable, and nobody else's to read."""

import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Return once the names in the folder are on the disk: a synced file is lost if its name is not (fsync(2))."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file (mode 0600) so that it is there whole or not at all, and stays."""
    private(path.parent)
    waiting = path.with_suffix(f".{os.getpid()}.part")
    with open(os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    waiting.replace(path)
    sync_folder(path.parent)


def private(folder: Path) -> Path:
    """Return a folder that only its owner can enter (mode 0700), made with those above it where it is not there."""
    missing = [folder, *folder.parents]
    for each in reversed(missing[: next(place for place, each in enumerate(missing) if each.is_dir())]):
        each.mkdir(mode=0o700, exist_ok=True)
    return folder
