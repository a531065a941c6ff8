"""Logs of what truly happened: in memory for virtual time, and as JSON lines on disk for the live field."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from kouan.simulator.roles import Document
from kouan.vocabulary.errors import Corrupt


def _tracks(lines: Iterable[Document]) -> dict[str, int]:
    found: dict[str, int] = {}
    for line in lines:
        lane, track = line.get("lane"), line.get("track")
        if isinstance(lane, str) and isinstance(track, int):
            found[lane] = max(track, found.get(lane, 0))
    return found


class MemoryLog:
    """A TruthLog that keeps its lines in memory."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def append(self, line: Document) -> None:
        """Keep one line."""
        self.lines.append(dict(line))

    def last_tracks(self) -> Mapping[str, int]:
        """Return the last stop number of each lane."""
        return _tracks(self.lines)


class FileLog:
    """A TruthLog of JSON lines, each on disk before ``append`` returns."""

    def __init__(self, path: Path) -> None:
        """Open the log for more lines; a torn last line, left by a power cut, is cut off."""
        earlier, whole = _read(path)
        self._tracks = _tracks(earlier)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        os.ftruncate(self._file, whole)
        os.lseek(self._file, 0, os.SEEK_END)

    def append(self, line: Document) -> None:
        """Write one line and wait until the disk has it."""
        os.write(self._file, msgspec.json.encode(line) + b"\n")
        os.fdatasync(self._file)

    def last_tracks(self) -> Mapping[str, int]:
        """Return the last stop number of each lane at the time of opening."""
        return self._tracks

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


def _read(path: Path) -> tuple[list[dict[str, Any]], int]:
    data = path.read_bytes() if path.exists() else b""
    whole = data.rfind(b"\n") + 1
    try:
        return [msgspec.json.decode(line, type=dict[str, Any]) for line in data[:whole].splitlines()], whole
    except msgspec.MsgspecError as error:
        raise Corrupt(f"{path}: a line is no JSON object: {error}") from error


def read_log(path: Path) -> list[dict[str, Any]]:
    """Return the whole lines of a log; a missing file is empty. Raises Corrupt if a line is no JSON object."""
    return _read(path)[0]
