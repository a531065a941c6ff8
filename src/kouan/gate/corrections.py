"""What a person may correct by eye, from the pictures or at the vehicle, where a device misread."""

from collections.abc import Mapping

from msgspec.structs import replace

from kouan.gate.commands import Command
from kouan.gate.dossier import correct_evidence, evidence_of, record_of, with_record
from kouan.gate.evidence import ContainersRead, DriverIdentified, Evidence, PlatesRead, SealCondition, SealRead
from kouan.gate.facts import ReviewDecided
from kouan.gate.lane_controller.view import normal_plate
from kouan.gate.papers_search import ask_for_papers
from kouan.gate.policy import LanePolicy
from kouan.gate.procedures import Authority, Procedure
from kouan.gate.states import Dossier
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.identifiers import ContainerNumber

CORRECTABLE: dict[str, tuple[Procedure, tuple[Authority, ...]]] = {
    "plate": (Procedure.PLATES, tuple(Authority)),
    "trailer": (Procedure.PLATES, tuple(Authority)),
    "containers": (Procedure.CONTAINER, (Authority.CUSTOMS, Authority.SITE)),
    "seal": (Procedure.SEAL, (Authority.CUSTOMS,)),
    "occupants": (Procedure.DRIVER, (Authority.BORDER_INSPECTION,)),
    "papers": (Procedure.PAPERS, tuple(Authority)),
}
"""The fields that can be corrected, the procedure of each, and whose people may. ``containers`` are separated by
commas; ``papers`` (any value) looks for the papers again. A weight or a measurement is nothing that an eye can read."""

MAX_VALUE = 64
"""Longest correction in characters: four container numbers. Our choice."""

_ALWAYS_TWO = ("seal", "occupants")
"""Fields that need two readers whatever the device read, because a correction lifts a seal's or a stowaway's
finding."""


def correction_refusal(dossier: Dossier, fact: ReviewDecided) -> str | None:
    """Return why corrections may not be taken, or None where they may."""
    if not fact.corrections:
        return "no_corrections"
    for field, value in sorted(fact.corrections.items()):  # in the order in which entries tell them
        if field not in CORRECTABLE:
            return "not_correctable"
        procedure, authorities = CORRECTABLE[field]
        if fact.authority not in authorities:
            return "not_yours"
        if record_of(dossier, procedure) is None:
            return "not_asked"
        if not _readable(dossier, field, value.strip()):
            return "unreadable"
    return None if fact.stepped_up or not needs_second_reader(dossier, fact.corrections) else "not_stepped_up"


def _readable(dossier: Dossier, field: str, value: str) -> bool:
    if not value or len(value) > MAX_VALUE:
        return False
    if field == "occupants":
        known = isinstance(evidence_of(dossier, Procedure.DRIVER), DriverIdentified)
        return known and value.isascii() and value.isdigit() and len(value) <= 2
    return True


def needs_second_reader(dossier: Dossier, corrections: Mapping[str, str]) -> bool:
    """Say whether a correction contradicts what a device read well, so that two persons must have seen it."""
    if any(field in _ALWAYS_TWO for field in corrections):
        return True
    plates, containers = evidence_of(dossier, Procedure.PLATES), evidence_of(dossier, Procedure.CONTAINER)
    sure_of_plate = isinstance(plates, PlatesRead) and plates.parsed and plates.tractor is not None
    sure_of_containers = isinstance(containers, ContainersRead) and containers.valid and bool(containers.numbers)
    return ("plate" in corrections and sure_of_plate) or ("containers" in corrections and sure_of_containers)


def correct(
    dossier: Dossier, fact: ReviewDecided, now: Instant, policy: LanePolicy
) -> tuple[Dossier, tuple[Command, ...]]:
    """Return the dossier with the corrected evidence; a new plate or container looks for the papers again."""
    source = f"person:{fact.by}"
    values = {field: value.strip() for field, value in fact.corrections.items()}
    for evidence in _corrected(dossier, values, source, fact.at):
        dossier = correct_evidence(dossier, evidence, now)
    if not values.keys() & {"plate", "containers", "papers"}:
        return dossier, ()
    papers = record_of(dossier, Procedure.PAPERS)
    if papers is None:
        return dossier, ()
    again = replace(
        papers, evidence=None, finished_at=None, deadline_at=now + policy.papers_wait_us, contradicted=False
    )
    return ask_for_papers(replace(with_record(dossier, again), asked=()), now)


def _corrected(dossier: Dossier, values: Mapping[str, str], source: str, at: Instant) -> list[Evidence]:
    found: list[Evidence] = []
    if values.keys() & {"plate", "trailer"}:
        found.append(_plates(dossier, values, source, at))
    if "containers" in values:
        found.append(_containers(dossier, values["containers"], source, at))
    if "seal" in values:
        found.append(_seal(dossier, values["seal"], source, at))
    driver = evidence_of(dossier, Procedure.DRIVER)
    if "occupants" in values and isinstance(driver, DriverIdentified):
        found.append(replace(driver, occupants=int(values["occupants"]), source=source, at=at))
    return found


def _plates(dossier: Dossier, values: Mapping[str, str], source: str, at: Instant) -> PlatesRead:
    old = evidence_of(dossier, Procedure.PLATES)
    old = old if isinstance(old, PlatesRead) else None
    return PlatesRead(
        source=source,
        at=at,
        images=old.images if old else (),
        tractor=_plate(values["plate"]) if "plate" in values else old.tractor if old else None,
        trailer=_plate(values["trailer"]) if "trailer" in values else old.trailer if old else None,
        parsed="plate" in values or (old is not None and old.parsed),
    )


def _plate(text: str) -> str:
    return normal_plate(text) or text


def _containers(dossier: Dossier, text: str, source: str, at: Instant) -> ContainersRead:
    old = evidence_of(dossier, Procedure.CONTAINER)
    old = old if isinstance(old, ContainersRead) else None
    numbers = tuple("".join(part.split()).upper() for part in text.split(",") if part.strip())
    return ContainersRead(
        source=source,
        at=at,
        images=old.images if old else (),
        numbers=numbers,
        valid=all(has_check_digit(number) for number in numbers),
        size_types=old.size_types if old else (),
        damage=old.damage if old else (),
    )


def has_check_digit(number: str) -> bool:
    """Say whether a container number's check digit holds (ISO 6346)."""
    try:
        ContainerNumber.parse(number)
    except InvalidValue:
        return False
    return True


def _seal(dossier: Dossier, number: str, source: str, at: Instant) -> SealRead:
    old = evidence_of(dossier, Procedure.SEAL)
    tampered = isinstance(old, SealRead) and old.condition == SealCondition.TAMPERED
    return SealRead(
        source=source,
        at=at,
        images=old.images if old else (),
        number=number.upper(),
        condition=SealCondition.TAMPERED if tampered else SealCondition.INTACT,
    )
