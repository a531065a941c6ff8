"""Where a sheet of an Excel file holds a longer text than a cell may, found before the sheet is laid out.

Such a file keeps each text once, and its cells name it by number, so that a short file can ask for one long text in a
million cells: ECMA-376 part 1, 18.4 (shared string table), and [MS-XLS] 2.4.265 (SST).
"""

import html
import io
import re
import struct
import zipfile
from collections.abc import Iterator, Sequence

from kouan.protocols.tables.biff import BOF, records, streams

_STRINGS, _BOOK, _LINKS = "xl/sharedStrings.xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
_PREFIX = re.compile(rb"<((?:\w+:)?)sst\b")
_TEXT = re.compile(rb"<(?:\w+:)?t(?:\s[^>]*)?>([^<]*)<")
_SAID = re.compile(rb"<((?:\w+:)?)rPh\b.*?</\1rPh>", re.DOTALL)
"""How a text is said (furigana), which is no part of it."""

_CELL = re.compile(rb"<(?:\w+:)?c\s([^>]*[^>/])>(?:(?!</(?:\w+:)?c>).)*?<(?:\w+:)?v>\s*([0-9]{1,10})\s*<", re.DOTALL)
_SHARED, _AT = re.compile(rb"""\bt=["']s["']"""), re.compile(rb"""\br=["']([A-Z]{1,3})([0-9]{1,7})["']""")
_TAG = re.compile(r"<(?:\w+:)?(?:sheet|Relationship)\s([^>]*)>")
_ATTRIBUTE = re.compile(r"""([\w:]+)\s*=\s*["']([^"']*)["']""")

_SHEET, _TEXTS, _MORE, _NAMES = 0x0085, 0x00FC, 0x003C, 0x00FD
"""Records that name a sheet, hold the texts, continue these, and have a cell name one ([MS-XLS] 2.3)."""


def first_long_cell(data: bytes, sheet: str, most: int) -> str | None:
    """Return the first cell of a sheet that names a text of more than ``most`` characters, as ``C5``; None without one.

    The file must have been found to unpack to little (``reading``). What is no Excel file holds none.
    """
    if data.startswith(b"PK"):
        return _in_new(data, sheet, most)
    return next(_in_old(data, sheet, most), None)


def column_name(column: int) -> str:
    """Return the letters of a column, counted from 0."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


# .xlsx ----------------------------------------------------------------------------------------------------------------


def _in_new(data: bytes, sheet: str, most: int) -> str | None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = {name.lower(): name for name in archive.namelist()}
        strings = names.get(_STRINGS.lower())
        numbers = frozenset[int]() if strings is None else _long_strings(archive.read(strings), most)
        part = names.get(_part_of(archive, sheet).lower()) if numbers else None
        if part is None:
            return None
        for attributes, number in _CELL.findall(archive.read(part)):
            if int(number) in numbers and _SHARED.search(attributes):
                place = _AT.search(attributes)
                return "?" if place is None else (place[1] + place[2]).decode()
    return None


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str:
    """Return the part of an archive that holds a sheet; empty where it is not said."""
    if _LINKS not in archive.namelist():
        return ""
    said = [dict(_ATTRIBUTE.findall(tag)) for tag in _TAG.findall(archive.read(_BOOK).decode("utf-8", "replace"))]
    links = [dict(_ATTRIBUTE.findall(tag)) for tag in _TAG.findall(archive.read(_LINKS).decode("utf-8", "replace"))]
    wanted = next((one for one in said if html.unescape(one.get("name", "")) == sheet), {})
    link = next((value for name, value in wanted.items() if name.rpartition(":")[2] == "id"), None)
    target = next((one.get("Target", "") for one in links if one.get("Id") == link), "")
    return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"


def _long_strings(content: bytes, most: int) -> frozenset[int]:
    """Return the numbers of the texts that are longer; what is short in bytes is not looked into."""
    found = _PREFIX.search(content)
    prefix = b"" if found is None else found[1]
    begin, end = b"<" + prefix + b"si", b"</" + prefix + b"si>"
    long, number, start = set[int](), 0, 0
    while (stop := content.find(end, start)) >= 0:
        number += content.count(begin, start, stop)  # an empty one may have no end of its own
        if stop - start > most and _characters(content[start:stop]) > most:
            long.add(number - 1)
        start = stop + len(end)
    return frozenset(long)


def _characters(text: bytes) -> int:
    parts = _TEXT.findall(_SAID.sub(b"", text))
    return sum(len(html.unescape(part.decode("utf-8", "replace"))) for part in parts)


# .xls -----------------------------------------------------------------------------------------------------------------


def _in_old(data: bytes, sheet: str, most: int) -> Iterator[str]:
    for stream in streams(data):
        begins, texts, more = dict[int, str](), list[bytes](), False
        long: frozenset[int] | None = None
        name: str | None = None
        for place, kind, body in records(stream):
            if kind in BOF:
                name = begins.get(place)
            elif kind == _SHEET and len(body) >= 8:
                begins[struct.unpack_from("<I", body)[0]] = _short_name(body)
            elif kind == _TEXTS or (kind == _MORE and more):
                texts.append(body)
            elif kind == _NAMES and name == sheet and len(body) >= 10:
                long = _long_texts(texts, most) if long is None else long
                row, column, _, number = struct.unpack_from("<HHHI", body)
                if number in long:
                    yield f"{column_name(column)}{row + 1}"
            more = kind == _TEXTS or (kind == _MORE and more)


def _short_name(body: bytes) -> str:
    count, wide = body[6], body[7] & 1
    return body[8 : 8 + count * (1 + wide)].decode("utf-16-le" if wide else "latin-1", "replace")


def _long_texts(parts: Sequence[bytes], most: int) -> frozenset[int]:
    """Return the numbers of the texts that are longer; a text goes on in the next record, which says anew how."""
    long, at = set[int](), _At(parts)
    try:
        _, count = struct.unpack("<II", at.take(8))
        for number in range(count):
            characters, flags = struct.unpack("<HB", at.take(3))
            runs = 4 * struct.unpack("<H", at.take(2))[0] if flags & 8 else 0
            said = struct.unpack("<I", at.take(4))[0] if flags & 4 else 0
            if characters > most:
                long.add(number)
            at.pass_text(characters, flags & 1)
            at.pass_over(runs + said)
    except (struct.error, IndexError):
        return frozenset(long)  # it ends early: whoever lays it out says so
    return frozenset(long)


class _At:
    """A place in a record and those that continue it."""

    def __init__(self, parts: Sequence[bytes]) -> None:
        self._parts = parts
        self._part = self._place = 0

    def take(self, count: int) -> bytes:
        """Return so many bytes, which stand in one record."""
        self._turn()
        found = self._parts[self._part][self._place : self._place + count]
        self._place += count
        return found

    def pass_text(self, characters: int, wide: int) -> None:
        """Pass a text; where it is cut, the next record begins with how its characters are kept."""
        while characters:
            if self._turn():
                wide = self._parts[self._part][0] & 1
                self._place = 1
            here = min(characters, (len(self._parts[self._part]) - self._place) // (1 + wide))
            self._place += here * (1 + wide)
            characters -= here
            if characters and here == 0:
                self._place = len(self._parts[self._part])

    def pass_over(self, count: int) -> None:
        """Pass so many bytes, wherever they are cut."""
        while count:
            self._turn()
            here = min(count, len(self._parts[self._part]) - self._place)
            self._place += here
            count -= here

    def _turn(self) -> bool:
        """Go on to the next record where this one is at its end; raise IndexError behind the last."""
        turned = False
        while self._place >= len(self._parts[self._part]):
            self._part, self._place, turned = self._part + 1, 0, True
        return turned
