"""What the procedures find. Every value is a whole number or a string, because evidence stands in ledger entries.

Confidence is in per mille (``_pm``); instants are microseconds since the epoch. No field holds personal data: what
identifies a person is behind a ``commitment`` (see ``ledger.roles.Personal``).
"""

import enum
from collections.abc import Mapping
from typing import get_args

import msgspec

from kouan.gate.procedures import Procedure
from kouan.vocabulary.clock import Instant


class ImageReference(msgspec.Struct, frozen=True):
    """A picture kept at the edge, by its SHA-256 in hex, and the box in it (x, y, width, height in pixels)."""

    sha256: str
    box: tuple[int, int, int, int] | None = None


class Observed(msgspec.Struct, frozen=True, kw_only=True):
    """What all evidence carries: the device (or ``person:<user>``), when, how sure, and the pictures."""

    source: str
    at: Instant
    confidence_pm: int = 1000
    images: tuple[ImageReference, ...] = ()


class Positioned(Observed, frozen=True, kw_only=True, tag="positioning"):
    """The vehicle stands at the stop line, alone: ``track`` is the loop's occupancy count, which names this stop."""

    track: int
    axles: int
    length_mm: int
    alone: bool = True


class PlatesRead(Observed, frozen=True, kw_only=True, tag="plates"):
    """Tractor and trailer plates, normalised where they parse; ``None`` where none was read."""

    tractor: str | None
    trailer: str | None = None
    parsed: bool = True


class ContainersRead(Observed, frozen=True, kw_only=True, tag="container"):
    """Container numbers; ``valid`` where every check digit holds; damage codes as the camera gives them."""

    numbers: tuple[str, ...]
    valid: bool
    size_types: tuple[str, ...] = ()
    damage: tuple[str, ...] = ()


class SealCondition(enum.StrEnum):
    """The state in which an electronic seal (关锁) was found."""

    INTACT = "intact"
    TAMPERED = "tampered"
    ABSENT = "absent"
    UNREADABLE = "unreadable"


class SealRead(Observed, frozen=True, kw_only=True, tag="seal"):
    """The electronic seal's number and condition."""

    number: str | None
    condition: SealCondition


class Weighed(Observed, frozen=True, kw_only=True, tag="weight"):
    """A stable gross weight in kilograms, with the calibration state of the weighbridge (地磅) at that time."""

    mass_kg: int
    stable_frames: int
    calibrated_until: Instant
    zero_checked_at: Instant


class RadiationMeasured(Observed, frozen=True, kw_only=True, tag="radiation"):
    """One occupancy of the radiation portal: alarms and peak counts a second against background."""

    gamma_alarm: bool
    neutron_alarm: bool
    gamma_peak_cps: int
    gamma_background_cps: int
    fault: str | None = None


class DriverIdentified(Observed, frozen=True, kw_only=True, tag="driver"):
    """The driver's document, face and fingerprint, and how many people are in the cab.

    ``expected`` says whether the document is the one announced for this vehicle; None where none was announced.
    ``watched`` are watch list items that name the document, each as ``<authority>:<kind>:<number>``, and
    ``hold_reasons`` says why, by number.
    """

    commitment: str
    document_valid: bool
    document_expired: bool
    nationality: str
    expected: bool | None
    face_score_pm: int
    liveness_pm: int
    fingerprint_score_pm: int | None
    occupants: int
    announced_crew: int | None = None
    watched: tuple[str, ...] = ()
    hold_reasons: dict[str, str] = {}


class HealthChecked(Observed, frozen=True, kw_only=True, tag="health"):
    """Health declaration, skin temperature in tenths of a degree Celsius, and disinfection of the vehicle."""

    declared: bool
    symptoms: bool
    temperature_dc: int
    disinfected: bool


class Consignment(msgspec.Struct, frozen=True):
    """What the gate needs to know of one consignment aboard.

    ``declared_gross_kg`` is what this vehicle carries of it; ``crossed_kg`` has crossed before, out of ``total_kg`` of
    the manifest (None where the manifest is for this vehicle alone). ``controlled`` says that the consignment or its
    declaration is under control (布控).
    """

    number: str
    hs_code: str
    goods: str
    declared_gross_kg: int
    declaration: str | None = None
    cleared: bool = False
    crossed_kg: int = 0
    total_kg: int | None = None
    controlled: bool = False
    transit_cleared: bool = True


NEVER_HEARD_US = 2**53 - 1
"""Age of the hub's word where none ever came: the largest whole number that every JSON reader keeps."""


class PapersMatched(Observed, frozen=True, kw_only=True, tag="papers"):
    """The papers found for this vehicle: its confirmation, manifests, declarations and control orders.

    ``load`` is ``loaded``, ``empty`` or ``empty_container``. ``plate``, ``seals`` and ``containers`` are what was
    declared; ``holds`` are control orders in force, each as ``<authority>:<kind>:<number>``; ``hold_reasons`` says why
    the vehicle is watched for, by number.

    ``pre_authorised`` says that the region lets this vehicle pass beforehand, from ``permit_from`` until
    ``permit_until``, by the item ``permit`` (``pre_authorised@<version>/<number of the item>``); ``low_risk`` that it
    was found to be of low risk. ``seen_elsewhere`` is where its plate stood too lately; where the region's ports told
    that, ``seen_before_us`` and ``seen_distance_m`` say how lately and how far away. ``hub_age_us`` is how old the
    hub's word was at ``at``: None where the port has no hub, ``NEVER_HEARD_US`` where it never heard it.
    """

    confirmation: str | None
    late: bool = False
    load: str = "loaded"
    cargo: str = "general"
    plate: str | None = None
    trailer: str | None = None
    containers: tuple[str, ...] = ()
    seals: tuple[str, ...] = ()
    tare_kg: int | None = None
    consignments: tuple[Consignment, ...] = ()
    batch: str | None = None
    convoy_expected: int = 1
    convoy_present: int = 1
    holds: tuple[str, ...] = ()
    pre_authorised: bool = False
    green_channel: bool = False
    duplicate_of: str | None = None
    seen_elsewhere: str | None = None
    hold_reasons: dict[str, str] = {}
    low_risk: bool = False
    permit: str | None = None
    permit_from: Instant | None = None
    permit_until: Instant | None = None
    seen_before_us: int | None = None
    seen_distance_m: int | None = None
    hub_age_us: int | None = None


class Failed(Observed, frozen=True, kw_only=True, tag="failed"):
    """A procedure ended without evidence: its device is faulty, its deadline passed or its reading made no sense."""

    procedure: Procedure
    cause: str


Evidence = (
    Positioned
    | PlatesRead
    | ContainersRead
    | SealRead
    | Weighed
    | RadiationMeasured
    | DriverIdentified
    | HealthChecked
    | PapersMatched
    | Failed
)


_PROCEDURES: Mapping[type, Procedure] = {
    kind: Procedure(str(kind.__struct_config__.tag)) for kind in get_args(Evidence) if kind is not Failed
}


def procedure_of(evidence: Evidence) -> Procedure:
    """Return the procedure that this evidence answers."""
    return evidence.procedure if isinstance(evidence, Failed) else _PROCEDURES[type(evidence)]
