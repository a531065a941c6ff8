"""What a study found, as one document: it is kept, shown, printed and handed to others."""

import datetime as dt

import msgspec

from kouan.planning.study.hours import Day, Profile
from kouan.planning.study.legs import LegFigures, Spread
from kouan.planning.study.weights import CarrierNets, ScaleDrift


class SourceRead(msgspec.Struct, frozen=True):
    """One table: its rows and how many were used; ``refused`` and ``mend`` where it was not used at all."""

    name: str
    rows: int
    used: int
    kind: str
    columns: dict[str, str]
    refused: str = ""
    mend: str = ""


class Example(msgspec.Struct, frozen=True):
    """A rejected row: its table, its number, the field, what stood there."""

    source: str
    row: int
    field: str
    value: str


class Rejection(msgspec.Struct, frozen=True):
    """One reason for which rows were rejected: how many, and the first few."""

    rule: str
    rows: int
    examples: tuple[Example, ...]


class Counts(msgspec.Struct, frozen=True):
    """How much a study has and how it fits together.

    Only where passages and tickets were both given, and within the days of both, can one be without the other.
    """

    rows: int
    used: int
    passages: int
    tickets: int
    vehicles: int
    visits: int
    whole_visits: int
    entries_without_exit: int
    exits_without_entry: int
    passages_again: int
    tickets_again: int
    ticket_numbers_again: int
    nets_wrong: int
    tickets_without_entry: int
    entries_without_ticket: int
    spelled_variously: int
    plates_of_no_known_form: int


class Track(msgspec.Struct, frozen=True):
    """One visit on the busiest day: seconds of that day at queue, gate, scales, scales and exit; None if not known."""

    points: tuple[int | None, ...]


class Study(msgspec.Struct, frozen=True):
    """The findings of a study of a port's files; times are local.

    ``missing`` names what the files do not show and what is therefore not told, as message ids. Where the files had
    too many rows, all figures but ``rows`` and ``used`` are of one vehicle in ``one_vehicle_in``; hours lost, profiles
    and daily traffic are already multiplied by it.
    """

    first_day: dt.date
    last_day: dt.date
    days: int
    counts: Counts
    sources: tuple[SourceRead, ...]
    rejections: tuple[Rejection, ...]
    spellings: dict[str, tuple[str, ...]]
    legs: tuple[LegFigures, ...]
    turn_round: Spread | None
    profiles: tuple[Profile, ...]
    traffic: tuple[Day, ...]
    carriers: tuple[CarrierNets, ...]
    scales: tuple[ScaleDrift, ...]
    busiest_day: dt.date
    tracks: tuple[Track, ...]
    missing: tuple[str, ...]
    one_vehicle_in: int = 1
