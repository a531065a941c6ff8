"""Kept studies on the disk: a folder each (mode 0700), with its answer, report and workbook; its files until then.

- ``about.json``: who, when, the files' names, lengths and digests, and why it went no further
- ``files/``: what was brought, until the study is made or deleted, or a day has passed
- ``tables.json``, ``answer.json``, ``study.json``, ``traffic.json``, ``judged.json``, ``what-ifs.json``: what jobs
  wrote
- ``report-zh.html``, ``study-zh.xlsx``, ``what-if-zh.xlsx`` …: what people keep
"""

import hashlib
import os
import shutil
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from kouan.adapters.folders import private, write_whole
from kouan.planning.study.kept import (
    MOST_FILE_BYTES,
    MOST_FILES,
    MOST_NAME_BYTES,
    MOST_STUDIES,
    MOST_WHAT_IFS,
    Answer,
    FileTaken,
    KeptStudy,
    Made,
    OpenedStudy,
    Problem,
    StudyState,
    TableSeen,
)
from kouan.vocabulary.clock import SECOND, Instant
from kouan.vocabulary.errors import Conflict, Corrupt, InvalidValue, NotFound

DRAFT_US = 24 * 3600 * SECOND
"""How long brought files wait for their study. Our choice: a day; nobody's files lie about after that."""

ROOM_BYTES = 5 * 1024**3
"""Room on the disk that no file may take. Our choice: the ledger lies there too, and must go on for weeks."""

STUDY, WHAT_IFS = "study.json", "what-ifs.json"
"""What a report is printed from: the findings without what rows say, and what the flow model answered."""

_ABOUT, _TABLES, _ANSWER = "about.json", "tables.json", "answer.json"


class StudyShelf:
    """The folder of a port's kept studies."""

    def __init__(self, folder: Path) -> None:
        self.folder = private(folder / "kept")

    def path(self, number: str) -> Path:
        """Return a study's folder; raise NotFound where there is none."""
        path = self.folder / number
        if not number.isalnum() or not (path / _ABOUT).is_file():
            raise NotFound(f"there is no study {number}")
        return path

    def numbers(self) -> list[str]:
        """Return the numbers of all studies."""
        return sorted(path.parent.name for path in self.folder.glob(f"*/{_ABOUT}"))

    def about(self, number: str) -> KeptStudy:
        """Return a study as it stands on the disk, where nothing is done for it now."""
        path = self.path(number)
        study: KeptStudy = _read(path / _ABOUT, KeptStudy)
        if (path / _ANSWER).exists():
            state = StudyState.ANSWERED
        else:
            state = StudyState.TO_CONFIRM if (path / _TABLES).exists() else StudyState.BRINGING
        return msgspec.structs.replace(study, state=state)

    def opened(self, study: KeptStudy) -> OpenedStudy:
        """Return all that is known of a study."""
        path = self.path(study.number)
        answered = study.state is StudyState.ANSWERED
        return OpenedStudy(
            study,
            _read(path / _TABLES, tuple[TableSeen, ...]) if study.state is StudyState.TO_CONFIRM else (),
            _read(path / _ANSWER, Answer) if answered else None,
            _what_ifs(path) if answered else (),
        )

    def begin(self, number: str, by: str, at: Instant) -> None:
        """Make the folder of a study, once what was left over is gone; raise Conflict where there are too many."""
        for other in self.numbers():
            about = self.about(other)
            if about.state is StudyState.ANSWERED:
                self.drop_files(other)
            elif about.begun_at < at - DRAFT_US:
                self.delete(other)
        if len(self.numbers()) >= MOST_STUDIES:
            raise Conflict(f"{MOST_STUDIES} studies are kept: delete one to make another")
        private(self.folder / number / "files")
        self.write(number, KeptStudy(number, by, at))

    def write(self, number: str, study: KeptStudy) -> None:
        """Keep what is told of a study."""
        write_whole(self.folder / number / _ABOUT, msgspec.json.encode(study))

    def note(self, number: str, problem: Problem | None) -> None:
        """Keep why a study went no further, or that nothing is in its way."""
        self.write(number, msgspec.structs.replace(self.about(number), problem=problem, progress=None))

    def delete(self, number: str) -> None:
        """Delete a study with all that is kept of it."""
        shutil.rmtree(self.path(number))

    def drop_files(self, number: str) -> None:
        """Delete the files of a study that is made."""
        shutil.rmtree(self.path(number) / "files", ignore_errors=True)

    def files(self, number: str) -> list[Path]:
        """Return the brought files in the order in which they came."""
        return [self.path(number) / "files" / each.name for each in self.about(number).files]

    def keep_what_if(self, number: str, found: dict[str, Any]) -> None:
        """Keep what the flow model answered, before those of earlier."""
        path = self.path(number)
        kept = (found, *_what_ifs(path))[:MOST_WHAT_IFS]
        write_whole(path / WHAT_IFS, msgspec.json.encode(kept))

    def made(self, number: str, what: Made, language: str) -> Path:
        """Return the file of a report or a workbook; raise NotFound while it is not made."""
        path = self.path(number) / made_name(what, language)
        if not path.is_file():
            raise NotFound(f"{path.name} of the study {number} is not made yet")
        return path


class Taking:
    """A file that is being taken: written and hashed block by block, kept whole or not at all."""

    def __init__(self, shelf: StudyShelf, number: str, name: str, length: int | None) -> None:
        """Raise InvalidValue for a name, a length, a number of files or a disk that does not allow it."""
        self._shelf, self._number, self._name = shelf, number, name
        _require_name(name, [each.name for each in shelf.about(number).files])
        self._path = private(shelf.path(number) / "files") / name
        self._part = self._path.with_name(f".{hashlib.sha256(name.encode()).hexdigest()[:16]}.part")
        self._length = 0
        self._digest = hashlib.sha256()
        self._require_room(length or 0)
        self._file: int | None = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        # Whoever gives up may close the file while a thread still writes to it: then the number may be another file's.
        self._turn = threading.Lock()

    def take(self, block: bytes) -> None:
        """Write a block; raise InvalidValue where the file is too long or the disk too full."""
        with self._turn:
            if self._file is None:
                return
            self._require_room(len(block))
            self._length += len(block)
            self._digest.update(block)
            rest = memoryview(block)
            while rest:
                rest = rest[os.write(self._file, rest) :]

    def done(self) -> None:
        """Keep the file; raise InvalidValue where nothing came."""
        if self._length == 0:
            raise InvalidValue("file", "file.empty", f"{self._name} is empty")
        with self._turn:
            if self._file is None:
                return
            os.fsync(self._file)
            self._part.replace(self._path)
        about = self._shelf.about(self._number)
        taken = FileTaken(self._name, self._length, self._digest.hexdigest())
        (self._shelf.path(self._number) / _TABLES).unlink(missing_ok=True)
        self._shelf.write(self._number, msgspec.structs.replace(about, files=(*about.files, taken), problem=None))

    def end(self) -> None:
        """Close the file, and forget what was not kept."""
        with self._turn:
            if self._file is not None:
                os.close(self._file)
            self._file = None
        self._part.unlink(missing_ok=True)

    def _require_room(self, more: int) -> None:
        if self._length + more > MOST_FILE_BYTES:
            raise InvalidValue("file", "file.size", f"must have at most {MOST_FILE_BYTES} bytes")
        if shutil.disk_usage(self._shelf.folder).free - more < ROOM_BYTES:
            raise InvalidValue("file", "study.room", "the disk has no room for it: delete studies, or make room")


def studies_folder(data: Path) -> Path:
    """Return where a data folder keeps studies, and the mappings that people confirmed."""
    return data / "studies"


def made_name(what: Made, language: str) -> str:
    """Return the name of what is made of a study, in a language."""
    name, dot, form = what.value.partition(".")
    return f"{name}-{language}{dot}{form}"


def _require_name(name: str, taken: Sequence[str]) -> None:
    if len(taken) >= MOST_FILES:
        raise InvalidValue("file", "study.files", f"a study has at most {MOST_FILES} files")
    if name in taken:
        raise InvalidValue("name", "study.name_taken", f"{name} was brought already")
    plain = name.isprintable() and not name.startswith(".") and not set(name) & set("/\\")
    if not plain or not 0 < len(name.encode()) <= MOST_NAME_BYTES:
        raise InvalidValue("name", "study.name", f"must be a file's name of at most {MOST_NAME_BYTES} bytes")


def _what_ifs(path: Path) -> tuple[dict[str, Any], ...]:
    return _read(path / WHAT_IFS, tuple[dict[str, Any], ...]) if (path / WHAT_IFS).exists() else ()


def _read(path: Path, kind: Any) -> Any:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.MsgspecError) as error:
        raise Corrupt(f"{path} cannot be read: delete the study ({error})") from error
