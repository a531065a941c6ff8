"""Reads files of papers beside the event loop, one at a time: a long file must not keep a lorry waiting."""

import asyncio

from kouan.inspection.importing.columns import FileKind
from kouan.inspection.importing.files import File, read_file


class FileReading:
    """Reads files in a thread; whoever comes while one is read waits for it."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()

    async def __call__(self, data: bytes, kind: FileKind | None = None) -> File:
        """Return what stands in a file; raise InvalidValue where nothing of it can be used."""
        async with self._turn:
            return await asyncio.to_thread(read_file, data, kind)
