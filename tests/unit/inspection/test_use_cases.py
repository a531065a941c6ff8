"""Handing in, amending, deleting and writing off papers, against records that refuse as the real ones do."""

from typing import Any

import msgspec
import pytest
from tests.unit.inspection.papers_kit import NOW, Records, confirmation, declaration, line, manifest

from kouan.inspection.papers import Manifest
from kouan.inspection.reading import ReadConfirmation, read_confirmation, read_declaration, read_manifest
from kouan.inspection.use_cases import (
    Accepted,
    delete_batch,
    note_arrival,
    refusal_of,
    submit_confirmation,
    submit_declaration,
    submit_manifest,
    write_off,
)
from kouan.ledger.roles import Unit
from kouan.vocabulary.verdict import Refused

SALT = b"s" * 16


def hand_in(records: Records, document: dict[str, Any], subject: str = "person-1") -> Accepted | Refused:
    read = read_confirmation(document)
    assert isinstance(read, ReadConfirmation), read
    standing = records.confirmations.get(read.confirmation.number)
    return _apply(records, submit_confirmation(read, standing, subject, SALT, NOW))


def hand_in_manifest(records: Records, document: dict[str, Any]) -> Accepted | Refused:
    read = read_manifest(document)
    assert isinstance(read, Manifest), read
    return _apply(records, submit_manifest(read, records.manifests.get(read.number), NOW))


def _apply(records: Records, answer: Accepted | Refused) -> Accepted | Refused:
    if isinstance(answer, Accepted) and answer.unit is not None:
        guard = records.apply(answer.unit)
        return answer if guard is None else refusal_of(guard)
    return answer


def rule(answer: object) -> str:
    assert isinstance(answer, Refused), answer
    return answer.reasons[0].code


def test_a_confirmation_is_recorded_without_a_word_of_its_driver() -> None:
    records = Records()
    accepted = hand_in(records, confirmation())
    assert isinstance(accepted, Accepted)
    assert accepted.unit is not None
    draft = accepted.unit.drafts[0]
    assert (draft.kind, draft.stream, draft.key) == (
        "papers.confirmation/1", "CF000001", "papers:confirmation:CF000001:1",
    )  # fmt: skip
    record = records.confirmations["CF000001"]
    for written in (draft.body, record.document, msgspec.json.encode(record.digest)):
        assert b"BAT ERDENE" not in written
        assert b"E1234567" not in written
    assert draft.personal[0].commitment.encode() in draft.body
    assert b"E1234567" in draft.personal[0].payload
    assert (record.plate, record.containers, record.state) == ("1234УБА", "CSQU3054383", "active")


def test_the_same_paper_twice_is_one_paper() -> None:
    records = Records()
    first = hand_in(records, confirmation())
    again = hand_in(records, confirmation(plate="1234-УБА"))
    assert isinstance(first, Accepted)
    assert again == Accepted("CF000001", 1, None)
    assert records.kinds == ["papers.confirmation/1"]


@pytest.mark.parametrize("changes", [{"crew_count": 2}, {"seals": ["CN00000001"]}])
def test_other_contents_under_the_same_number_conflict_until_they_come_as_the_next_version(
    changes: dict[str, Any],
) -> None:
    records = Records()
    hand_in(records, confirmation())
    assert rule(hand_in(records, confirmation(**changes))) == "papers.conflict"
    assert rule(hand_in(records, confirmation(**changes, version=3))) == "papers.conflict"
    amended = hand_in(records, confirmation(**changes, version=2))
    assert isinstance(amended, Accepted)
    assert records.confirmations["CF000001"].version == 2
    assert hand_in(records, confirmation(**changes, version=2)) == Accepted("CF000001", 2, None)


def test_another_driver_under_the_same_number_conflicts() -> None:
    records = Records()
    hand_in(records, confirmation(), subject="person-1")
    assert rule(hand_in(records, confirmation(), subject="person-2")) == "papers.conflict"


def test_a_first_paper_has_version_one() -> None:
    assert rule(hand_in(Records(), confirmation(version=2))) == "papers.version"


def test_two_senders_at_once_cannot_both_insert() -> None:
    records = Records()
    read = read_confirmation(confirmation())
    assert isinstance(read, ReadConfirmation)
    both = [submit_confirmation(read, None, "person-1", SALT, NOW) for _ in range(2)]
    guards = [records.apply(each.unit) for each in both if isinstance(each, Accepted) and each.unit is not None]
    assert guards == [None, "papers.insert_confirmation"]


def test_a_consignment_stands_in_one_active_manifest_a_direction() -> None:
    records = Records()
    hand_in_manifest(records, manifest())
    other = manifest(number="MF000002", batch="B000002")
    assert rule(hand_in_manifest(records, other)) == "papers.duplicate"
    assert "MF000002" not in records.manifests
    export = manifest(number="MF000003", direction="out", consignments=[line(declaration=None)])
    assert isinstance(hand_in_manifest(records, export), Accepted)


def test_an_amended_manifest_replaces_its_consignments_and_keeps_what_has_crossed() -> None:
    records = Records()
    hand_in(records, confirmation())
    hand_in_manifest(records, manifest(consignments=[line(), line(number="MF000009")]))
    read = read_confirmation(confirmation())
    assert isinstance(read, ReadConfirmation)
    assert records.apply(write_off("CF000001", "p1", read.confirmation.consignments, "in", NOW)) is None
    smaller = manifest(version=2, consignments=[line(gross_kg=79_999)])
    assert rule(hand_in_manifest(records, smaller)) == "papers.duplicate"
    larger = manifest(version=2, consignments=[line(gross_kg=90_000)])
    assert isinstance(hand_in_manifest(records, larger), Accepted)
    assert records.lines["MF000001", "in"].crossed_kg == 80_000
    assert records.lines["MF000009", "in"].state == "deleted"


def test_never_more_crosses_than_the_manifest_declares() -> None:
    records = Records()
    hand_in_manifest(records, manifest(consignments=[line(gross_kg=200_000)]))
    refused: list[str | None] = []
    for number in range(1, 5):
        name = f"CF00000{number}"
        hand_in(records, confirmation(number=name, vehicles=3))
        read = read_confirmation(confirmation(number=name))
        assert isinstance(read, ReadConfirmation)
        refused.append(records.apply(write_off(name, f"p{number}", read.confirmation.consignments, "in", NOW)))
    assert refused == [None, None, "papers.write_off", "papers.write_off"]
    assert records.lines["MF000001", "in"].crossed_kg == 160_000
    assert records.confirmations["CF000003"].state == "active"


def test_a_confirmation_is_used_once() -> None:
    records = Records()
    hand_in(records, confirmation())
    assert records.apply(write_off("CF000001", "p1", (), "in", NOW)) is None
    assert records.apply(write_off("CF000001", "p2", (), "in", NOW)) == "papers.use_confirmation"
    assert rule(hand_in(records, confirmation(version=2, crew_count=2))) == "papers.used"


def _delete(records: Records, batch: str) -> Unit | Refused:
    papers = [each for each in records.confirmations.values() if each.batch == batch and each.state != "deleted"]
    manifests = [each for each in records.manifests.values() if each.batch == batch and each.state == "active"]
    return delete_batch(batch, papers, manifests, "clerk", NOW)


def test_a_batch_is_deleted_whole_and_its_consignments_are_free_again() -> None:
    records = Records()
    hand_in(records, confirmation())
    hand_in(records, confirmation(number="CF000002", plate="2345УБА"))
    hand_in_manifest(records, manifest())
    deleted = _delete(records, "B000001")
    assert isinstance(deleted, Unit)
    assert records.apply(deleted) is None
    assert {each.state for each in records.confirmations.values()} == {"deleted"}
    assert rule(hand_in(records, confirmation())) == "papers.deleted"
    assert isinstance(hand_in_manifest(records, manifest(number="MF000002", batch="B000002")), Accepted)
    assert rule(_delete(records, "B000001")) == "papers.batch_unknown"


def test_a_batch_under_which_a_vehicle_has_crossed_is_not_deleted() -> None:
    records = Records()
    hand_in(records, confirmation())
    hand_in(records, confirmation(number="CF000002", plate="2345УБА"))
    before = _delete(records, "B000001")
    records.apply(write_off("CF000001", "p1", (), "in", NOW))
    assert rule(_delete(records, "B000001")) == "papers.batch_used"
    assert isinstance(before, Unit)
    assert records.apply(before) == "papers.delete_batch"


def test_a_declaration_moves_from_version_to_version() -> None:
    records = Records()
    for version, status in ((1, "declared"), (2, "under_control"), (3, "cleared")):
        read = read_declaration(declaration(version=version, status=status))
        assert not isinstance(read, Refused)
        answer = _apply(records, submit_declaration(read, records.declared.get(read.number), NOW))
        assert isinstance(answer, Accepted)
    assert records.declared[read.number].status == "cleared"


def test_an_arrival_is_noted_once() -> None:
    records = Records()
    hand_in(records, confirmation())
    records.apply(note_arrival("CF000001", "p1", NOW))
    records.apply(note_arrival("CF000001", "p2", NOW + 5))
    assert records.confirmations["CF000001"].arrived_at == NOW
