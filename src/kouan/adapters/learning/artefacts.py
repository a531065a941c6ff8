"""Models fresh from training, as files ``<digest>.json`` of a folder, or in memory; both play ``Artefacts``."""

import asyncio
import hashlib
import os
import re
from pathlib import Path

from kouan.adapters.folders import sync_folder
from kouan.vocabulary.errors import Corrupt, InvalidValue, NotFound, Unavailable

_NAME = re.compile(r"[0-9a-f]{64}")


def _checked(digest: str) -> str:
    if not _NAME.fullmatch(digest):
        raise InvalidValue("digest", "model.digest", "must be 64 lower-case hex digits")
    return digest


class FileArtefacts:
    """Artefacts in a folder, each written whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, data: bytes) -> str:
        """Keep an artefact, on the disk when this returns, and return its digest; raise Unavailable."""
        digest = hashlib.sha256(data).hexdigest()
        draft = self._folder / f"{digest}.{os.getpid()}"
        try:
            with draft.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._folder / f"{digest}.json")
            sync_folder(self._folder)
        except OSError as error:
            raise Unavailable(f"the model cannot be kept: {error}") from error
        finally:
            draft.unlink(missing_ok=True)
        return digest

    async def get(self, digest: str) -> bytes:
        """Return an artefact; raise NotFound, Corrupt where the file is not what its name says, or Unavailable."""
        path = self._folder / f"{_checked(digest)}.json"
        try:
            data = await asyncio.to_thread(path.read_bytes)
        except FileNotFoundError as error:
            raise NotFound(f"there is no model {digest}") from error
        except OSError as error:
            raise Unavailable(f"the model cannot be read: {error}") from error
        if hashlib.sha256(data).hexdigest() != digest:
            raise Corrupt(f"the model {digest} was changed on the disk")
        return data


class MemoryArtefacts:
    """Artefacts in memory."""

    def __init__(self) -> None:
        self._artefacts: dict[str, bytes] = {}

    def put(self, data: bytes) -> str:
        """Keep an artefact and return its digest."""
        digest = hashlib.sha256(data).hexdigest()
        self._artefacts[digest] = data
        return digest

    async def get(self, digest: str) -> bytes:
        """Return an artefact; raise NotFound."""
        if _checked(digest) not in self._artefacts:
            raise NotFound(f"there is no model {digest}")
        return self._artefacts[digest]
