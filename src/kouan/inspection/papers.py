"""The papers (单证) of a crossing, as they stand after they were read and found right.

Numbers in docstrings (R006, 065, …) are the data elements of the road manifest messages [customs announcement 2013
no. 67, changed since]. A document holds no personal data: its driver is a commitment.
"""

import enum

import msgspec

from kouan.vocabulary.places import Direction


class Load(enum.StrEnum):
    """How a vehicle crosses; what its papers must say differs by it."""

    LOADED = "loaded"
    EMPTY = "empty"
    EMPTY_CONTAINER = "empty_container"


class DeclarationStatus(enum.StrEnum):
    """Where a declaration stands at customs; only ``cleared`` goods may be released."""

    DECLARED = "declared"
    UNDER_CONTROL = "under_control"
    CLEARED = "cleared"
    CANCELLED = "cancelled"


class DeclarationStep(enum.StrEnum):
    """What a declaration is so far: its base items (概要申报), or all of it (完整申报)."""

    SUMMARY = "summary"
    FULL = "full"


class PaperState(enum.StrEnum):
    """Whether a paper is in force, was used by a crossing, was deleted with its batch, or revoked by its issuer."""

    ACTIVE = "active"
    USED = "used"
    DELETED = "deleted"
    REVOKED = "revoked"


class Driver(msgspec.Struct, frozen=True):
    """A driver as announced: name (R016) and document number (R017). Personal data: never in an entry or a row."""

    name: str
    document_number: str
    nationality: str | None = None


class Health(msgspec.Struct, frozen=True):
    """The driver's health declaration: whether anybody aboard has symptoms."""

    symptoms: bool


class ConsignmentLine(msgspec.Struct, frozen=True):
    """One consignment: its number (master waybill), goods code and name, and gross mass in kilograms.

    On a manifest the mass is the whole consignment's; on a confirmation it is this vehicle's part of it.
    """

    number: str
    hs_code: str
    goods: str
    gross_kg: int
    declaration: str | None = None


class VehicleConfirmation(msgspec.Struct, frozen=True, kw_only=True):
    """A vehicle confirmation (确报): pre-report, confirmation and vehicle declaration at once.

    Inbound with crew count, health and transit countries; outbound also the loading manifest (``consignments``).
    ``number`` is the message's own, ``batch`` the transport batch number, ``sender`` R006, ``carrier`` R012,
    ``plate`` the vehicle code T006/T005, ``driver`` the commitment to R017/R016, ``trailer`` 159. ``tare_kg`` (6156) is
    the tare of the whole vehicle with its empty containers. ``customs_office`` is 065, ``mode`` T010 (4, road),
    ``loading_place`` L010, ``unloading_place`` L013. ``vehicles`` is how many vehicles share the batch.
    """

    number: str
    version: int
    batch: str
    direction: Direction
    sender: str
    carrier: str
    plate: str
    trailer: str | None
    driver: str
    crew_count: int
    load: Load
    cargo: str
    containers: tuple[str, ...] = ()
    seals: tuple[str, ...] = ()
    tare_kg: int | None = None
    transit_countries: tuple[str, ...] = ()
    health: Health | None = None
    green_channel: bool = False
    consignments: tuple[ConsignmentLine, ...] = ()
    vehicles: int = 1
    customs_office: str | None = None
    mode: str | None = None
    loading_place: str | None = None
    unloading_place: str | None = None


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """An original manifest (原始舱单): what crosses under one batch number. Its sender is not the carrier."""

    number: str
    version: int
    batch: str
    direction: Direction
    sender: str
    consignments: tuple[ConsignmentLine, ...]


class DeclarationLine(msgspec.Struct, frozen=True):
    """One line of goods (商品项) of a declaration: goods code and name, and net mass in kilograms.

    A declaration of base items gives the code's first six digits; ``origin`` is its country (ISO 3166 alpha-3),
    ``value_fen`` the declared value (统计人民币价) of the whole line in 1/100 yuan.
    """

    line: int
    hs_code: str
    goods: str
    net_kg: int
    origin: str | None = None
    value_fen: int | None = None


class Declaration(msgspec.Struct, frozen=True, kw_only=True):
    """A customs declaration (报关单) with its status; ``transit`` says that it is a transit declaration (转关单).

    ``consignee`` is the credit code of the firm that receives or sends the goods; ``entered_on`` (``2026-11-22``) is
    the day on which its means of transport was declared to have entered; ``licences`` are those it is drawn on.
    """

    number: str
    version: int
    direction: Direction
    status: DeclarationStatus
    transit: bool = False
    consignments: tuple[ConsignmentLine, ...] = ()
    step: DeclarationStep = DeclarationStep.FULL
    consignee: str | None = None
    lines: tuple[DeclarationLine, ...] = ()
    entered_on: str | None = None
    licences: tuple[str, ...] = ()


Document = VehicleConfirmation | Manifest | Declaration
