"""Finding a vehicle's papers in the records: by its plate, else by its containers, else by plates that look alike."""

from collections.abc import Iterable, Sequence

import msgspec

from kouan.inspection.desk import Gathered, MatchedPapers, choose, document_of, manifest_of, match
from kouan.inspection.records import ConfirmationRecord
from kouan.inspection.roles import PapersRecords
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.identifiers import nearest_plates
from kouan.vocabulary.places import Direction


class Sought(msgspec.Struct, frozen=True):
    """What is known of a vehicle."""

    direction: Direction
    at: Instant
    plate: str | None
    trailer: str | None = None
    containers: tuple[str, ...] = ()


async def find_papers(records: PapersRecords, sought: Sought) -> MatchedPapers | None:
    """Return the vehicle's papers, None where nothing was announced; raise Unavailable."""
    confirmation = await find_confirmation(records, sought)
    if confirmation is None:
        return None
    plates = tuple(plate for plate in (sought.plate, sought.trailer) if plate)
    gathered = await gather(records, confirmation, (*plates, *sought.containers), sought.at)
    return match(gathered, plates, sought.containers, sought.at)


async def find_confirmation(records: PapersRecords, sought: Sought) -> ConfirmationRecord | None:
    """Return the confirmation to go by: exact plate, then containers, then expected plates that look alike."""
    if sought.plate is not None:
        exact = choose(await records.confirmations_of_plate(sought.plate, sought.direction))
        if exact is not None:
            return exact
    for container in sought.containers:
        boxed = choose(await records.confirmations_of_container(container, sought.direction))
        if boxed is not None:
            return boxed
    return None if sought.plate is None else await _alike(records, sought.plate, sought.direction)


async def _alike(records: PapersRecords, plate: str, direction: Direction) -> ConfirmationRecord | None:
    """Return the confirmation of the expected plate that a camera is most likely to have misread as this one."""
    for expected, _ in nearest_plates(plate, await records.active_plates(direction)):
        found = choose(await records.confirmations_of_plate(expected, direction))
        if found is not None:
            return found
    return None


async def gather(
    records: PapersRecords, confirmation: ConfirmationRecord, read: Sequence[str], at: Instant
) -> Gathered:
    """Return all that the records hold about one confirmation; ``read`` are plates and containers seen at the gate."""
    paper = document_of(confirmation)
    manifests = await records.manifests_of_batch(confirmation.batch)
    held = [line for each in manifests for line in manifest_of(each).consignments]
    lines = (*paper.consignments, *held)
    consignments = await records.consignments(_once(line.number for line in lines), paper.direction)
    declared = _once((*(line.declaration for line in lines), *(each.declaration for each in consignments)))
    declarations = await records.declarations(declared)
    names = (
        *(paper.plate, paper.trailer, *paper.containers, *read),
        *(each.number for each in consignments),
        *declared,
    )
    return Gathered(
        confirmation=confirmation,
        consignments={each.number: each for each in consignments},
        manifested_at={each.number: each.submitted_at for each in manifests},
        declarations={each.number: each for each in declarations},
        batch=await records.confirmations_of_batch(confirmation.batch),
        orders=await records.orders_naming(_once(names), at),
    )


def _once(names: Iterable[str | None]) -> list[str]:
    return list(dict.fromkeys(name for name in names if name))
