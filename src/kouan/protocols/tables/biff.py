"""How far the sheets of an old Excel file (.xls) reach, before anything lays them out.

The file is a compound file [MS-CFB]; its stream of records [MS-XLS] is walked once, and nothing of it is kept.
"""

import struct
from collections.abc import Iterator, Sequence

from kouan.vocabulary.errors import InvalidValue

_HEADER, _FREE = 512, 0xFFFFFFFA
"""Bytes of a compound file's header, and the least number that is no sector's ([MS-CFB] 2.1, 2.2)."""

_ENTRY, _MINI = 128, 64
"""Bytes of an entry of the folder, and of a sector of the small streams ([MS-CFB] 2.4, 2.6.1)."""

_STREAMS = ("workbook", "book")
"""The streams that hold sheets: of Excel 97 and later, and of Excel 5 ([MS-XLS] 2.1.2)."""

BOF, _DIMENSIONS, _SEVERAL = (0x0009, 0x0209, 0x0409, 0x0809), (0x0000, 0x0200), (0x00BD, 0x00BE)
"""Records that begin a sheet, say how far it reaches, or hold several cells of a row ([MS-XLS] 2.3)."""

_CELLS = frozenset((*range(0x0001, 0x0007), 0x00BD, 0x00BE, 0x00D6, 0x00FD, *range(0x0201, 0x0208), 0x027E, 0x0406))
"""Records that begin with the row and column of a cell ([MS-XLS] 2.4, and those of earlier versions)."""


def extents(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield how many rows and columns each sheet of a file reaches, as it says itself or as its cells do.

    Raises InvalidValue (``file.form``) where it is no compound file with sheets.
    """
    try:
        for stream in streams(data):
            yield from _walked(stream)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise InvalidValue("file", "file.form", f"must be an Excel file: {error}") from error


def _walked(stream: bytes) -> Iterator[tuple[int, int]]:
    """Yield the reach of each sheet in a stream of records."""
    rows = columns = 0
    for _, kind, body in records(stream):
        if kind in BOF:
            yield rows, columns
            rows = columns = 0
        elif kind in _DIMENSIONS and len(body) >= 8:
            last_row, last_column = _dimensions(body)
            rows, columns = max(rows, last_row), max(columns, last_column)
        elif kind in _CELLS and len(body) >= 4:
            row, column = struct.unpack_from("<HH", body)
            if kind in _SEVERAL:
                (column,) = struct.unpack_from("<H", body, len(body) - 2)
            rows, columns = max(rows, row + 1), max(columns, column + 1)
    yield rows, columns


def records(stream: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield where each record of a stream begins, its kind and its body."""
    place = 0
    while place + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, place)
        yield place, kind, stream[place + 4 : place + 4 + length]
        place += 4 + length


def _dimensions(body: bytes) -> tuple[int, int]:
    """Return the first row and column behind a sheet's last: of 4 and 2 bytes, before Excel 97 of 2 each."""
    if len(body) >= 14:
        _, row, _, column = struct.unpack_from("<IIHH", body)
    else:
        _, row, _, column = struct.unpack_from("<HHHH", body)
    return row, column


# The compound file ----------------------------------------------------------------------------------------------------


def streams(data: bytes) -> Iterator[bytes]:
    """Yield every stream that may hold sheets; none is longer than the file."""
    shift = struct.unpack_from("<H", data, 30)[0]
    if shift not in (9, 12):
        raise InvalidValue("file", "file.form", "must be an Excel file: its sectors have no length")
    folder_at, cutoff, small_at = struct.unpack_from("<I4xII", data, 48)
    size = 1 << shift

    def sector(number: int) -> bytes:
        return data[(number + 1) * size : (number + 2) * size]

    table = _numbers(b"".join(sector(number) for number in _table_sectors(data, size)))
    folder = b"".join(map(sector, _chain(table, folder_at)))
    entries = [folder[at : at + _ENTRY] for at in range(0, len(folder) - _ENTRY + 1, _ENTRY)]
    root_at = struct.unpack_from("<I", entries[0], 116)[0]
    books = [entry for entry in entries if _name(entry).lower() in _STREAMS]
    if not 1 <= len(books) <= len(_STREAMS):
        raise InvalidValue("file", "file.form", "must be an Excel file (.xlsx or .xls)")
    for entry in books:
        start, length = struct.unpack_from("<II", entry, 116)
        if length >= cutoff:
            yield b"".join(map(sector, _chain(table, start)))[:length]
            continue
        small = b"".join(map(sector, _chain(table, root_at)))
        small_table = _numbers(b"".join(map(sector, _chain(table, small_at))))
        yield b"".join(small[at * _MINI : (at + 1) * _MINI] for at in _chain(small_table, start))[:length]


def _name(entry: bytes) -> str:
    (length,) = struct.unpack_from("<H", entry, 64)
    return entry[: min(64, max(0, length - 2))].decode("utf-16-le")


def _table_sectors(data: bytes, size: int) -> list[int]:
    """Return the sectors that hold the table of sectors: named in the header, then in sectors of their own."""
    numbers = [number for number in struct.unpack_from("<109I", data, 76) if number < _FREE]
    more = struct.unpack_from("<I", data, 68)[0]
    for _ in range(len(data) // size):
        held = () if more >= _FREE else _numbers(data[(more + 1) * size : (more + 2) * size])
        if not held:
            break
        more = held[-1]
        numbers += [number for number in held[:-1] if number < _FREE]
    return numbers[: len(data) // size]


def _numbers(content: bytes) -> Sequence[int]:
    return struct.unpack(f"<{len(content) // 4}I", content[: len(content) // 4 * 4])


def _chain(table: Sequence[int], first: int) -> Iterator[int]:
    """Yield the sectors of a stream in order; one that goes round in a circle ends after as many as there are."""
    for _ in range(len(table)):
        if first >= _FREE:
            return
        yield first
        first = table[first]
