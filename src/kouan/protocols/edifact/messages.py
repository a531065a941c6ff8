"""Three messages of the directories D.95B to D.03A, as far as a land port uses them; the README says what is left."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import msgspec

from kouan.protocols.edifact.interchange import Message, Segment
from kouan.vocabulary.errors import InvalidValue

DIRECTORY = ("D", "95B")
"""The directory of what is rendered."""

_MINUTE = re.compile(r"\d{12}")
_AGREED = "ZZZ"
"""Who keeps a code list: the two parties themselves (data element 3055)."""


class CargoItem(msgspec.Struct, frozen=True):
    """One consignment of a cargo report: its transport document, goods code, goods, gross mass, declaration."""

    consignment: str
    hs_code: str
    goods: str
    gross_kg: int
    declaration: str | None = None


class CargoReport(msgspec.Struct, frozen=True):
    """CUSCAR: what crosses under one conveyance reference (our transport batch); ``direction`` is in or out."""

    number: str
    version: int
    batch: str
    direction: str
    sender: str
    items: tuple[CargoItem, ...]


class CustomsResponse(msgspec.Struct, frozen=True):
    """CUSRES: what customs says of a declaration, ``declared``, ``under_control``, ``cleared`` or ``cancelled``."""

    number: str
    declaration: str
    status: str


class GateMovement(msgspec.Struct, frozen=True):
    """CODECO: containers went in or out at a gate, at CCYYMMDDHHMM in the sender's time, on a vehicle if named."""

    number: str
    version: int
    direction: str
    sender: str
    at: str
    containers: tuple[str, ...]
    plate: str | None = None
    place: str | None = None


Content = CargoReport | CustomsResponse | GateMovement

_STATUSES = {"DEC": "declared", "UCT": "under_control", "CLR": "cleared", "CNL": "cancelled"}
_DIRECTIONS = {"IN": "in", "OUT": "out", "23": "in", "22": "out"}
_CODES = {status: code for code, status in _STATUSES.items()}
_GATES = {"34": "in", "36": "out"}
"""Document names (data element 1001): 34 is a report of containers that came in, 36 of containers that went out."""

_ORIGINAL, _REPLACE = "9", "5"
"""Functions of a message (data element 1225)."""


class Reading(msgspec.Struct, frozen=True):
    """A message that was read, and the tags of segments that were not used."""

    content: Content
    unused: tuple[str, ...]


def read(message: Message) -> Reading:
    """Return what a message says; raise InvalidValue, whose field is the segment (``edifact.type`` for other types)."""
    reader = _READERS.get(message.type)
    if reader is None:
        mend = f"must be {', '.join(_READERS)}, not {message.type[:6]!r}"
        raise InvalidValue("UNH", "edifact.type", mend)
    walk = _Walk(message.segments)
    content = reader(walk)
    return Reading(content, walk.unused())


def write(content: Content, reference: str) -> Message:
    """Return the message that says this."""
    match content:
        case CargoReport():
            return _message("CUSCAR", reference, _cargo_segments(content))
        case CustomsResponse():
            return _message("CUSRES", reference, _response_segments(content))
        case GateMovement():
            return _message("CODECO", reference, _gate_segments(content))


class _Walk:
    """A message's segments; which of them were used is remembered."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self._segments = segments
        self._used = [False] * len(segments)

    def all(self, tag: str, qualifier: str | None = None, span: tuple[int, int] | None = None) -> list[Segment]:
        """Return the segments of a tag, and of a qualifier in their first component, within a span."""
        start, end = span or (0, len(self._segments))
        found = []
        for place in range(start, end):
            segment = self._segments[place]
            if segment.tag == tag and qualifier in (None, segment.text(0)):
                self._used[place] = True
                found.append(segment)
        return found

    def one(self, tag: str, qualifier: str | None = None, span: tuple[int, int] | None = None) -> Segment:
        """Return the only segment of a tag; raise InvalidValue where there is none, or several."""
        found = self.all(tag, qualifier, span)
        name = tag if qualifier is None else f"{tag}+{qualifier}"
        if len(found) != 1:
            raise InvalidValue(name, "edifact.segment", f"must stand once here, not {len(found)} times")
        return found[0]

    def spans(self, tag: str) -> Iterator[tuple[int, int]]:
        """Yield the spans of groups that begin with a tag; a group ends where the next begins."""
        starts = [place for place, segment in enumerate(self._segments) if segment.tag == tag]
        for place, start in enumerate(starts):
            yield start, starts[place + 1] if place + 1 < len(starts) else len(self._segments)

    def unused(self) -> tuple[str, ...]:
        """Return the tags of the segments that nobody asked for, each once."""
        left = (segment.tag for segment, used in zip(self._segments, self._used, strict=True) if not used)
        return tuple(dict.fromkeys(left))


def _message(kind: str, reference: str, segments: Iterable[Segment]) -> Message:
    return Message(reference, kind, *DIRECTORY, tuple(segments))


def _begin(name: str, number: str, version: int) -> Segment:
    identity = (number,) if version == 1 else (number, str(version))
    return Segment("BGM", ((name,), identity, (_ORIGINAL if version == 1 else _REPLACE,)))


def _version(begin: Segment) -> int:
    said, function = begin.text(1, 1), begin.text(2)
    if function not in ("", _ORIGINAL, _REPLACE):
        raise InvalidValue("BGM", "edifact.function", "must be an original (9) or a replacement (5)")
    if function == _REPLACE and not said:
        raise InvalidValue("BGM", "edifact.version", "a replacement must say its version after its number")
    if not re.fullmatch(r"[0-9]{0,3}", said):
        raise InvalidValue("BGM", "edifact.version", "must be a number of at most three digits")
    return int(said or "1")


def _given(segment: Segment, element: int, component: int = 0) -> str:
    found = segment.text(element, component)
    if not found:
        raise InvalidValue(segment.tag, "edifact.component", f"must give component {component + 1} of {element + 1}")
    return found


def _coded(walk: _Walk, words: Mapping[str, str]) -> str:
    code = walk.one("GIS").text(0)
    if code not in words:
        raise InvalidValue("GIS", "edifact.code", f"must be one of {', '.join(words)}")
    return words[code]


def _named(segments: Sequence[Segment], element: int, component: int = 0) -> str | None:
    """Return what all of some segments say alike, None where there are none; raise InvalidValue where they differ."""
    said = {segment.text(element, component) for segment in segments} - {""}
    if len(said) > 1:
        raise InvalidValue(segments[0].tag, "edifact.differs", "must say the same throughout the message")
    return said.pop() if said else None


# CUSCAR ---------------------------------------------------------------------------------------------------------------


def _read_cargo(walk: _Walk) -> CargoReport:
    begin = walk.one("BGM")
    return CargoReport(
        number=_given(begin, 1),
        version=_version(begin),
        batch=_given(walk.one("TDT", "20"), 1),
        direction=_coded(walk, _DIRECTIONS),
        sender=_given(walk.one("NAD", "MS"), 1),
        items=tuple(_read_item(walk, span) for span in walk.spans("CNI")),
    )


def _read_item(walk: _Walk, span: tuple[int, int]) -> CargoItem:
    gross = walk.one("MEA", "AAE", span)
    kilograms = _given(gross, 2, 1)
    if gross.text(1) != "G" or gross.text(2) != "KGM" or not re.fullmatch(r"[0-9]{1,12}", kilograms):
        raise InvalidValue("MEA", "edifact.mass", "must be whole kilograms gross: MEA+AAE+G+KGM:80000")
    declared = walk.all("RFF", "ABT", span)
    walk.all("GID", None, span)
    return CargoItem(
        consignment=_given(walk.one("CNI", None, span), 1),
        hs_code=_given(walk.one("CST", None, span), 1),
        goods=_given(walk.one("FTX", "AAA", span), 3),
        gross_kg=int(kilograms),
        declaration=_named(declared, 0, 1),
    )


def _cargo_segments(report: CargoReport) -> Iterator[Segment]:
    yield _begin("785", report.number, report.version)
    yield Segment("NAD", (("MS",), (report.sender,)))
    yield Segment("TDT", (("20",), (report.batch,), ("3",)))
    yield Segment("GIS", ((report.direction.upper(), "", _AGREED),))
    for place, item in enumerate(report.items, 1):
        yield Segment("CNI", ((str(place),), (item.consignment,)))
        if item.declaration is not None:
            yield Segment("RFF", (("ABT", item.declaration),))
        yield Segment("GID", (("1",),))
        yield Segment("FTX", (("AAA",), (), (), (item.goods,)))
        yield Segment("MEA", (("AAE",), ("G",), ("KGM", str(item.gross_kg))))
        yield Segment("CST", ((str(place),), (item.hs_code,)))


# CUSRES ---------------------------------------------------------------------------------------------------------------


def _read_response(walk: _Walk) -> CustomsResponse:
    return CustomsResponse(
        number=_given(walk.one("BGM"), 1),
        declaration=_given(walk.one("RFF", "ABT"), 0, 1),
        status=_coded(walk, _STATUSES),
    )


def _response_segments(response: CustomsResponse) -> Iterator[Segment]:
    yield Segment("BGM", (("962",), (response.number,), (_ORIGINAL,)))
    yield Segment("GIS", ((_CODES[response.status], "", _AGREED),))
    yield Segment("RFF", (("ABT", response.declaration),))


# CODECO ---------------------------------------------------------------------------------------------------------------


def _read_gate(walk: _Walk) -> GateMovement:
    begin = walk.one("BGM")
    if begin.text(0) not in _GATES:
        raise InvalidValue("BGM", "edifact.code", "must be a report of containers in (34) or out (36)")
    at = _named(walk.all("DTM", "7"), 0, 1)
    if at is None or not _MINUTE.fullmatch(at):
        raise InvalidValue("DTM", "edifact.time", "must say when, as DTM+7:202611220830:203")
    return GateMovement(
        number=_given(begin, 1),
        version=_version(begin),
        direction=_GATES[begin.text(0)],
        sender=_given(walk.one("NAD", "MS"), 1),
        at=at,
        containers=tuple(_given(segment, 1) for segment in walk.all("EQD", "CN")),
        plate=_named(walk.all("TDT", "1"), 7),
        place=_named(walk.all("LOC", "14"), 1, 3),
    )


def _gate_segments(movement: GateMovement) -> Iterator[Segment]:
    yield _begin({way: code for code, way in _GATES.items()}[movement.direction], movement.number, movement.version)
    yield Segment("NAD", (("MS",), (movement.sender,)))
    for container in movement.containers:
        yield Segment("EQD", (("CN",), (container,)))
        yield Segment("DTM", (("7", movement.at, "203"),))
        if movement.place is not None:
            yield Segment("LOC", (("14",), ("", "", "", movement.place)))
        if movement.plate is not None:
            yield Segment("TDT", (("1",), (), ("3",), (), (), (), (), (movement.plate,)))


_READERS: Mapping[str, Callable[[_Walk], Content]] = {
    "CUSCAR": _read_cargo,
    "CUSRES": _read_response,
    "CODECO": _read_gate,
}
