"""Ledger entries of lorries by the hundred thousand: those of a simulated port's own minute, told again of others.

The whole gate makes some 350 entries in a second of a core; told again under new names, plates and times they come
a hundred times as fast, with every body as long and as deep as the gate's own. Signatures within them stay those of
the lorries of that minute: the hub does not look at them.
"""

import functools
import re
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from kouan.ledger.entries import Entry
from kouan.ledger.roles import Draft
from kouan.proving.virtual_loop import VirtualClock, VirtualLoop, run
from kouan.simulator.port_file import load_port
from kouan.simulator.scenario import load_scenario
from kouan.vocabulary.clock import SECOND, Instant
from kouan.wiring.port_file import load, path_of
from kouan.wiring.twin import run_twin

PORT = "ganqimaodu"
OPENS = int(datetime(2026, 9, 1, 0, 0, tzinfo=UTC).timestamp()) * SECOND
"""08:00 in Ganqimaodu, when the minute is recorded that all traffic is made of."""

RECORDED_S = 75
"""Seconds that are recorded. Our choice: some forty lorries come and go in them."""

ENTRIES_A_PASSAGE = 26
"""Entries for one lorry: eighteen of its passage at the gate, the others of its papers and its visit. As measured."""

_DAYS_US = 3 * 86_400 * SECOND
_TIME = rb"(?<![0-9])1[0-9]{15}(?![0-9])"
_LETTERS = "АБВГДЕЖЗИКЛМНОПРСТУФХЦЧ"


class Line(msgspec.Struct, frozen=True):
    """One entry of a story: ``pieces`` of its body between which stand a time, the passage's name or the plate.

    ``own`` says that it stands in the passage's own stream; ``at`` counts from the story's beginning in microseconds.
    """

    kind: str
    own: bool
    at: int
    pieces: tuple[bytes | int | None, ...]


class Story(msgspec.Struct, frozen=True):
    """All entries of one lorry, in order; ``closes_at`` is when its passage ends, from its beginning."""

    lines: tuple[Line, ...]
    closes_at: int

    def tell(self, passage: str, plate: str, begins: Instant) -> tuple[Draft, ...]:
        """Return its entries as drafts of another lorry, which stops at ``begins``."""
        name, number = passage.encode(), plate.encode()
        return tuple(
            Draft(
                line.kind,
                passage if line.own else f"{passage}/{count}",
                f"{passage}/{count}",
                b"".join([_piece(piece, name, number, begins) for piece in line.pieces]),
            )
            for count, line in enumerate(self.lines)
        )


_NAME = b"\x00name"


def _piece(piece: bytes | int | None, name: bytes, plate: bytes, begins: Instant) -> bytes:
    if isinstance(piece, int):
        return b"%d" % (begins + piece)
    if piece is None:
        return plate
    return name if piece == _NAME else piece


def plate_of(number: int) -> str:
    """Return a Mongolian plate, another one for each number below eighty million."""
    letters, digits = divmod(number, 10_000)
    first, rest = divmod(letters, len(_LETTERS) ** 2)
    second, third = divmod(rest, len(_LETTERS))
    return f"{digits:04d}{_LETTERS[first % len(_LETTERS)]}{_LETTERS[second]}{_LETTERS[third]}"


@functools.cache
def stories() -> tuple[Story, ...]:
    """Return the lorries of the recorded minute that passed the gate to their end."""
    entries = _record()
    passages: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.kind.startswith("gate.") and entry.stream.startswith(PORT):
            passages.setdefault(entry.stream, []).append(entry)
    beside = [entry for entry in entries if entry.kind.startswith(("papers.", "visit."))]
    ended = [own for own in passages.values() if own[-1].kind == "gate.closed/1"]
    return tuple(_story(own, _share(beside, place, ENTRIES_A_PASSAGE - len(own))) for place, own in enumerate(ended))


def _record() -> Sequence[Entry]:
    loop = VirtualLoop(OPENS)
    clock = VirtualClock(loop)
    port, field = load(PORT), load_port(path_of(PORT))
    twin = run_twin(port, field, load_scenario("calm"), 1, clock, lambda: clock.monotonic() >= RECORDED_S * SECOND)
    return run(twin, loop).disk.ledger(PORT).entries


def _share(beside: Sequence[Entry], place: int, count: int) -> list[Entry]:
    return [beside[(place * count + number) % len(beside)] for number in range(max(0, count))]


def _story(own: Sequence[Entry], beside: Sequence[Entry]) -> Story:
    opened = own[0]
    begins, plate = opened.at, _plate_in(own)
    pattern = re.compile(b"|".join((_TIME, re.escape(opened.stream.encode()), re.escape(plate.encode()))))
    lines = [_line(entry, True, begins, pattern, opened.stream, plate) for entry in own]
    papers = [_line(entry, False, begins, pattern, opened.stream, plate) for entry in beside]
    return Story((*lines[:1], *papers, *lines[1:]), own[-1].at - begins)


def _plate_in(own: Sequence[Entry]) -> str:
    for entry in own:
        evidence = msgspec.json.decode(entry.body).get("fact", {}).get("evidence") or {}
        if evidence.get("type") == "plates" and evidence.get("tractor"):
            return str(evidence["tractor"])
    return "\x00none"


def _line(entry: Entry, own: bool, begins: Instant, pattern: re.Pattern[bytes], name: str, plate: str) -> Line:
    body = bytes(entry.body)
    pieces: list[bytes | int | None] = []
    end = 0
    for found in pattern.finditer(body):
        pieces.append(body[end : found.start()])
        pieces.append(_meaning(found[0], begins, name, plate))
        end = found.end()
    return Line(entry.kind, own, entry.at - begins, (*pieces, body[end:]))


def _meaning(text: bytes, begins: Instant, name: str, plate: str) -> bytes | int | None:
    if text == plate.encode():
        return None
    if text == name.encode():
        return _NAME
    offset = int(text) - begins
    return offset if abs(offset) < _DAYS_US else text
