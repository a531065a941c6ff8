"""From the papers of a batch to the candidates in it: those whose confirmation, manifest and declaration are there."""

from collections.abc import Sequence

import msgspec

from kouan.inspection.desk import document_of, manifest_of
from kouan.inspection.papers import Declaration, PaperState, VehicleConfirmation
from kouan.inspection.records import ConfirmationRecord, ConsignmentRecord, DeclarationRecord, ManifestRecord
from kouan.inspection.roles import PapersRecords
from kouan.inspection.targeting.candidate import Candidate

_READ_DECLARATION = msgspec.json.Decoder(Declaration).decode


async def candidates_in(records: PapersRecords, batch: str) -> tuple[Candidate, ...]:
    """Return the candidates of a batch whose papers are complete, by consignment; raise Unavailable."""
    confirmations = [one for one in await records.confirmations_of_batch(batch) if one.state == PaperState.ACTIVE]
    if not confirmations:
        return ()
    first = document_of(confirmations[0])
    manifests = {manifest.number: manifest for manifest in await records.manifests_of_batch(batch)}
    lines = [line for one in confirmations for line in document_of(one).consignments]
    held = [line for one in manifests.values() for line in manifest_of(one).consignments]
    numbers = dict.fromkeys(line.number for line in (*lines, *held))
    consignments = [one for one in await records.consignments(list(numbers), first.direction) if one.batch == batch]
    declared = dict.fromkeys(one.declaration for one in consignments if one.declaration)
    declarations = {one.number: one for one in await records.declarations(list(declared))}
    return tuple(
        _candidate(first, confirmations, one, manifests[one.manifest], declarations[one.declaration])
        for one in consignments
        if one.declaration in declarations and one.manifest in manifests
    )


async def batches_of(records: PapersRecords, number: str) -> tuple[str, ...]:
    """Return the batches that a paper of any kind belongs to: what it may have completed."""
    found = await records.find_confirmation(number) or await records.find_manifest(number)
    if found is not None:
        return (found.batch,)
    declaration = await records.find_declaration(number)
    if declaration is None:
        return ()
    paper = _READ_DECLARATION(declaration.document)
    held = await records.consignments([line.number for line in paper.consignments], paper.direction)
    return tuple(dict.fromkeys(one.batch for one in held))


def _candidate(
    paper: VehicleConfirmation,
    confirmations: Sequence[ConfirmationRecord],
    consignment: ConsignmentRecord,
    manifest: ManifestRecord,
    declaration: DeclarationRecord,
) -> Candidate:
    declared = _READ_DECLARATION(declaration.document)
    places = (paper.loading_place, paper.unloading_place)
    return Candidate(
        number=f"{paper.direction.value}-{consignment.number}",
        at=max(manifest.submitted_at, declaration.submitted_at, *(one.submitted_at for one in confirmations)),
        direction=paper.direction,
        consignment=consignment.number,
        declaration=declaration.number,
        plate=paper.plate,
        carrier=paper.carrier,
        importer=declared.consignee,
        exporter=manifest_of(manifest).sender,
        agent=paper.sender,
        route=" → ".join(place or "?" for place in places) if any(places) else None,
        hs_code=consignment.hs_code,
        goods=consignment.goods,
        gross_kg=consignment.gross_kg,
        value_fen=_value_fen(declared, consignment),
        lines=max(1, len(declared.consignments)),
        vehicles=paper.vehicles,
    )


def _value_fen(declared: Declaration, consignment: ConsignmentRecord) -> int | None:
    """Return a consignment's part, by gross mass, of what the lines with its goods code are declared to be worth.

    None where one of them says no value, or none has its code: a part of a value is no price.
    """
    code = consignment.hs_code

    def same(other: str) -> bool:
        return other.startswith(code) or code.startswith(other)

    values = [line.value_fen for line in declared.lines if same(line.hs_code)]
    gross_kg = sum(each.gross_kg for each in declared.consignments if same(each.hs_code))
    known = [value for value in values if value is not None]
    if not known or len(known) < len(values) or not gross_kg:
        return None
    return sum(known) * consignment.gross_kg // gross_kg
