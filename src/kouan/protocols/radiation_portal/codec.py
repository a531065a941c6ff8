"""Rapiscan lines: two or three letters and fields between commas, ended by CR LF."""

import re
from collections.abc import Callable

from kouan.protocols.radiation_portal.messages import (
    CountKind,
    CountLine,
    EndLine,
    Garbled,
    Line,
    SetupKind,
    SetupLine,
    SpeedLine,
    TamperLine,
)
from kouan.protocols.stream import ChunkCodec
from kouan.vocabulary.errors import InvalidValue

MAX_BYTES = 8192
"""Longest piece of the stream taken at once, in bytes. Our choice: 270 lines of counts, over half a minute of scans."""

LONGEST_LINE = 96
"""Longest line in bytes, without its end. Our choice: a line of six settings of 12 characters is shorter."""

KEPT_BYTES = 64
"""How much of a garbled line is kept to be looked at. Our choice: twice the length of a line of counts."""

CHUNKS = ChunkCodec(MAX_BYTES)


_KINDS = {kind.value.encode(): kind for kind in CountKind}


def _counts(found: re.Match[bytes]) -> Line:
    kind, a, b, c, d = found.groups()
    return CountLine(_KINDS[kind], (int(a), int(b), int(c), int(d)))


def _end(found: re.Match[bytes]) -> Line:
    return EndLine(int(found[1]), int(found[2]))


def _speed(found: re.Match[bytes]) -> Line:
    return SpeedLine(int(found[1] + found[2]), int(found[3] + found[4]), int(found[5] + found[6]))


def _tamper(found: re.Match[bytes]) -> Line:
    return TamperLine(found[1] == b"TT")


def _setup(found: re.Match[bytes]) -> Line:
    return SetupLine(SetupKind(found[1].decode()), tuple(found[2].decode().split(",")[1:]))


_FORMS: tuple[tuple[re.Pattern[bytes], Callable[[re.Match[bytes]], Line]], ...] = (
    (re.compile(rb"(GB|NB|GS|NS|GA|NA|GH|GL|NH),([0-9]{6}),([0-9]{6}),([0-9]{6}),([0-9]{6})"), _counts),
    (re.compile(rb"GX,([0-9]{6}),([0-9]{6})(?:,[0-9]{6}){0,2}"), _end),
    (re.compile(rb"SP,([0-9])\.([0-9]{4}),([0-9]{2})\.([0-9]{3}),([0-9]{3})\.([0-9]{2})(?:,[0-9]{6})?"), _speed),
    (re.compile(rb"(TT|TC)(?:,[0-9]{6}){0,4}"), _tamper),
    (re.compile(rb"(SG[123]|SN[12])((?:,[0-9A-Za-z.+-]{0,10}){1,8})"), _setup),
)
"""The lines by frequency; README.md names the source of each."""


def encode_line(line: Line) -> bytes:
    """Return the line with its CR LF; raise InvalidValue (``line.range``) if a field does not fit into its digits."""
    text = _text(line).encode("ascii", "replace")
    if parse_line(text) != line:
        raise InvalidValue("line", "line.range", "must fit into the digits of its fields")
    return text + b"\r\n"


def _text(line: Line) -> str:
    match line:
        case CountLine(kind, counts):
            return ",".join((kind, *(f"{count:06d}" for count in counts)))
        case EndLine(occupancy, background):
            return f"GX,{occupancy:06d},{background:06d},000000,000000"
        case SpeedLine(foot, mph, kmph):
            times = f"{foot // 10_000}.{foot % 10_000:04d}", f"{mph // 1000:02d}.{mph % 1000:03d}"
            return f"SP,{times[0]},{times[1]},{kmph // 100:03d}.{kmph % 100:02d},000000"
        case TamperLine(is_open):
            return "TT" + ",000000" * 4 if is_open else "TC" + ",111111" * 4
        case SetupLine(kind, values):
            return ",".join((kind, *values))


def parse_line(text: bytes) -> Line | Garbled:
    """Return what one line says, without its CR LF; never raises."""
    if len(text) > LONGEST_LINE:
        return Garbled("line.length", text[:KEPT_BYTES])
    for form, read in _FORMS:
        found = form.fullmatch(text)
        if found:
            return read(found)
    return Garbled("line.form", text[:KEPT_BYTES])


class LineReader:
    """Finds the lines in a byte stream that may be cut anywhere. Keeps at most ``LONGEST_LINE`` + 1 bytes.

    A line that does not end in time is given up as garbled at ``LONGEST_LINE`` bytes, and the rest of it is skipped.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._skipping = False
        self.garbled_lines = 0

    @property
    def pending(self) -> int:
        """How many bytes of an unfinished line are kept."""
        return len(self._rest)

    def feed(self, data: bytes) -> list[Line | Garbled]:
        """Return the lines that the bytes complete; raise InvalidValue (``stream.size``) above ``MAX_BYTES``."""
        *ended, rest = (self._rest + CHUNKS.decode(data).data).split(b"\n")
        found = [line for text in ended for line in self._ended(text)]
        self._rest = b"" if self._skipping else rest
        if len(self._rest) > LONGEST_LINE + 1:
            found.extend(self._told(Garbled("line.length", self._rest[:KEPT_BYTES])))
            self._skipping, self._rest = True, b""
        return found

    def _ended(self, text: bytes) -> list[Line | Garbled]:
        if self._skipping:
            self._skipping = False
            return []
        line = text.removesuffix(b"\r")
        return self._told(parse_line(line)) if line else []

    def _told(self, line: Line | Garbled) -> list[Line | Garbled]:
        self.garbled_lines += isinstance(line, Garbled)
        return [line]
