"""Pictures by their SHA-256: kept as files at the edge, or in memory."""

import asyncio
import hashlib
import itertools
import os
import re
from pathlib import Path

from kouan.adapters.folders import sync_folder
from kouan.vocabulary.errors import Corrupt, InvalidValue, NotFound, Unavailable

MAX_IMAGE_BYTES = 512 * 1024
"""Largest picture. Our choice: a 1080p JPEG of a lane camera is 150 to 400 KiB."""

_NAME = re.compile(r"[0-9a-f]{64}")
_JPEG_START = b"\xff\xd8\xff"
"""What a JPEG begins with: the SOI marker and the first byte of the next (ITU-T T.81, B.1.1)."""


def check_image(sha256: str, jpeg: bytes) -> None:
    """Raise InvalidValue where a picture is too large, no JPEG, or not what its name says."""
    _check_name(sha256)
    if len(jpeg) > MAX_IMAGE_BYTES:
        raise InvalidValue("image", "image.size", f"must be at most {MAX_IMAGE_BYTES} bytes")
    if not jpeg.startswith(_JPEG_START):
        raise InvalidValue("image", "image.jpeg", "must be a JPEG")
    if hashlib.sha256(jpeg).hexdigest() != sha256:
        raise InvalidValue("sha256", "image.sha256", "must be the SHA-256 of the picture in hex")


def _check_name(sha256: str) -> None:
    if not _NAME.fullmatch(sha256):
        raise InvalidValue("sha256", "image.name", "must be 64 lower-case hex digits")


class FileImages:
    """Pictures as files ``<folder>/<first two digits>/<sha256>.jpg``, each written whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._drafts = itertools.count()

    async def put(self, sha256: str, jpeg: bytes) -> None:
        """Keep a picture, on the disk when this returns; raise InvalidValue, or Unavailable as on a full disk."""
        check_image(sha256, jpeg)
        draft = self._path(sha256).with_suffix(f".{os.getpid()}.{next(self._drafts)}")
        try:
            await asyncio.to_thread(_write, self._path(sha256), draft, jpeg)
        except OSError as error:
            raise Unavailable(f"the picture cannot be kept: {error}") from error

    async def get(self, sha256: str) -> bytes:
        """Return a picture; raise NotFound, or Corrupt where the file is not what its name says."""
        _check_name(sha256)
        try:
            jpeg = await asyncio.to_thread(self._path(sha256).read_bytes)
        except FileNotFoundError as error:
            raise NotFound(f"there is no picture {sha256}") from error
        except OSError as error:
            raise Unavailable(f"the picture cannot be read: {error}") from error
        if hashlib.sha256(jpeg).hexdigest() != sha256:
            raise Corrupt(f"the picture {sha256} was changed on the disk")
        return jpeg

    async def has(self, sha256: str) -> bool:
        """Say whether a picture is kept, without reading it; raise InvalidValue, or Unavailable."""
        _check_name(sha256)
        try:
            return await asyncio.to_thread(self._path(sha256).is_file)
        except OSError as error:
            raise Unavailable(f"the picture cannot be looked for: {error}") from error

    def _path(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / f"{sha256}.jpg"


def _write(path: Path, draft: Path, jpeg: bytes) -> None:
    if path.exists() and path.read_bytes() == jpeg:
        return
    fresh = not path.parent.exists()
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with draft.open("wb") as file:
            file.write(jpeg)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)
    if fresh:
        sync_folder(path.parent.parent)


class MemoryImages:
    """Pictures in memory."""

    def __init__(self) -> None:
        self._images: dict[str, bytes] = {}

    async def put(self, sha256: str, jpeg: bytes) -> None:
        """Keep a picture; raise InvalidValue."""
        check_image(sha256, jpeg)
        self._images[sha256] = jpeg

    async def get(self, sha256: str) -> bytes:
        """Return a picture; raise NotFound."""
        _check_name(sha256)
        if sha256 not in self._images:
            raise NotFound(f"there is no picture {sha256}")
        return self._images[sha256]

    async def has(self, sha256: str) -> bool:
        """Say whether a picture is kept."""
        _check_name(sha256)
        return sha256 in self._images
