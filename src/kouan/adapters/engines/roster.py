"""A list in a file of the data folder that several processes change: one at a time, and durably."""

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

import msgspec

from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.folders import sync_folder
from kouan.vocabulary.errors import Corrupt

ItemT = TypeVar("ItemT")


class Roster(Generic[ItemT]):
    """Items of one type, in the order in which they were added, as JSON."""

    def __init__(self, folder: DataFolder, name: str, item: type[ItemT]) -> None:
        self._folder = folder
        self._name = name
        self._decoder: msgspec.json.Decoder[tuple[ItemT, ...]] = msgspec.json.Decoder(tuple[item, ...])  # type: ignore[valid-type]

    def items(self) -> tuple[ItemT, ...]:
        """Return all items; raise Corrupt where the file cannot be read."""
        path = self._folder.path / self._name
        try:
            return self._decoder.decode(path.read_bytes())
        except FileNotFoundError:
            return ()
        except msgspec.MsgspecError as error:
            raise Corrupt(f"{path} cannot be read: {error}") from error

    @contextlib.contextmanager
    def changing(self) -> Iterator[Callable[[tuple[ItemT, ...]], None]]:
        """Keep other processes from changing the list for the length of a block; yields what replaces it."""
        self._folder.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(self._folder.path / f"{self._name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield self._replace
        finally:
            os.close(lock)

    def _replace(self, items: tuple[ItemT, ...]) -> None:
        path = self._folder.write(self._name, msgspec.json.format(msgspec.json.encode(items), indent=1))
        sync_folder(path.parent)
