"""What every ledger store must do; each test runs on PostgreSQL and in memory."""

import asyncio
from collections.abc import Sequence

import pytest
from tests.integration.storage.players import Player, draft, raise_epoch, sighting, unit

from kouan.ledger.entries import GENESIS, Entry
from kouan.ledger.merkle import root_of, verify_consistency, verify_inclusion
from kouan.ledger.roles import Appended, Personal, Statement, Unit, UnitRefused
from kouan.ledger.tiles import prove_consistency, prove_inclusion, prove_root
from kouan.vocabulary.errors import Conflict, Fenced, InvalidValue, NotAllowed, NotFound


def assert_chained(entries: Sequence[Entry]) -> None:
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    assert [entry.prev for entry in entries] == [GENESIS, *(entry.hash for entry in entries[:-1])][: len(entries)]


def appended(answer: Appended | UnitRefused) -> Appended:
    assert isinstance(answer, Appended)
    return answer


async def test_fifty_appenders_at_once_leave_no_gap_and_one_chain(player: Player) -> None:
    ledger = await player.open_writer()

    async def appender(number: int) -> list[int]:
        answers = [appended(await ledger.append(unit(f"{number}-{n}-a", f"{number}-{n}-b"))) for n in range(20)]
        return [entry.seq for answer in answers for entry in answer.entries]

    numbers = await asyncio.gather(*[appender(number) for number in range(50)])
    assert sorted(seq for own in numbers for seq in own) == list(range(1, 2001))
    entries = [*await ledger.read(limit=1000), *await ledger.read(after=1000, limit=5000)]
    assert_chained(entries)
    assert await ledger.size() == 2000
    assert [entry.hash for entry in entries] == [leaf.hex() for leaf in await ledger.leaf_hashes(0, 2000)]


async def test_an_entry_comes_back_byte_for_byte(player: Player) -> None:
    ledger = await player.open_writer()
    text = 'ё 蒙B023H6 \\ " \t \u2028 😀 \x00'
    answer = appended(await ledger.append(Unit((draft("k", text=text, number=-7),))))
    found = await ledger.get(1)
    assert found == answer.entries[0]
    assert found.encode() == answer.entries[0].encode()
    with pytest.raises(NotFound):
        await ledger.get(2)


async def test_a_stream_is_read_apart(player: Player) -> None:
    ledger = await player.open_writer()
    for number in range(6):
        await ledger.append(Unit((draft(f"k{number}", stream=f"passage-{number % 2}"),)))
    assert [entry.seq for entry in await ledger.read(stream="passage-1")] == [2, 4, 6]
    assert [entry.seq for entry in await ledger.read(after=2, limit=1, stream="passage-1")] == [4]


async def test_a_refused_unit_writes_nothing_and_disturbs_nobody(player: Player) -> None:
    ledger = await player.open_writer()
    refused, first, second = await asyncio.gather(
        ledger.append(unit("bad", guards=(raise_epoch(1, "I2"), raise_epoch(7)), effects=(sighting("A", 1),))),
        ledger.append(unit("good", effects=(sighting("B", 1),))),
        ledger.append(unit("better", guards=(raise_epoch(1, "I2"),))),
    )
    assert refused == UnitRefused("gate.raise_epoch")
    assert appended(first).entries[0].seq == 1
    assert appended(second).entries[0].seq == 2
    assert await ledger.size() == 2
    assert await player.gate.find_sighting("A") is None
    assert await player.gate.find_sighting("B") is not None
    assert await player.gate.lane_epochs() == {"I2": 1}
    assert_chained(await ledger.read())


async def test_a_group_of_refused_units_moves_nothing(player: Player) -> None:
    ledger = await player.open_writer()
    answers = await asyncio.gather(*[ledger.append(unit(f"k{n}", guards=(raise_epoch(5),))) for n in range(5)])
    assert answers == [UnitRefused("gate.raise_epoch")] * 5
    assert appended(await ledger.append(unit("k0"))).entries[0].seq == 1


async def test_guards_see_what_earlier_units_of_the_group_did(player: Player) -> None:
    ledger = await player.open_writer()
    units = [unit(f"k{place}", guards=(raise_epoch(epoch),)) for place, epoch in enumerate((1, 2, 4, 3, 3))]
    answers = await asyncio.gather(*[ledger.append(one) for one in units])
    assert [isinstance(answer, Appended) for answer in answers] == [True, True, False, True, False]
    assert await player.gate.lane_epochs() == {"I1": 3}


async def test_a_unit_without_entries_applies_its_statements(player: Player) -> None:
    ledger = await player.open_writer()
    assert appended(await ledger.append(Unit((), (raise_epoch(1),), (sighting("A", 1),)))).entries == ()
    assert await player.gate.find_sighting("A") is not None


async def test_the_same_keys_again_return_what_was_recorded(player: Player) -> None:
    ledger = await player.open_writer()
    first = appended(await ledger.append(unit("a", "b", guards=(raise_epoch(1),))))
    again = appended(await ledger.append(unit("a", "b", guards=(raise_epoch(1),))))
    assert not first.repeated
    assert again.repeated
    assert again.entries == first.entries
    assert await ledger.size() == 2
    assert await player.gate.lane_epochs() == {"I1": 1}


async def test_the_same_key_twice_in_one_group_is_recorded_once(player: Player) -> None:
    ledger = await player.open_writer()
    answers = [appended(answer) for answer in await asyncio.gather(*[ledger.append(unit("a")) for _ in range(5)])]
    assert [answer.repeated for answer in answers] == [False, True, True, True, True]
    assert await ledger.size() == 1


async def test_a_unit_that_is_recorded_in_part_is_a_conflict(player: Player) -> None:
    ledger = await player.open_writer()
    await ledger.append(unit("a"))
    with pytest.raises(Conflict):
        await ledger.append(unit("a", "b"))
    assert await ledger.size() == 1


async def test_a_repeated_unit_does_not_hold_up_its_group(player: Player) -> None:
    ledger = await player.open_writer()
    await ledger.append(unit("a"))
    answers = await asyncio.gather(ledger.append(unit("b")), ledger.append(unit("a")), ledger.append(unit("c")))
    assert [appended(answer).repeated for answer in answers] == [False, True, False]
    assert [entry.key for entry in await ledger.read()] == ["a", "b", "c"]


async def test_one_bad_unit_fails_alone(player: Player) -> None:
    ledger = await player.open_writer()
    session = {"secret_sha256": "0", "username": "wang", "created_at": 1, "expires_at": 2, "stepped_up_at": None}
    twice = (Statement("access.open_session", session),) * 2
    answers = await asyncio.gather(
        ledger.append(unit("a")),
        ledger.append(unit("bad", effects=(sighting("A", 1), *twice))),
        ledger.append(unit("b")),
        return_exceptions=True,
    )
    assert isinstance(answers[1], Conflict)
    assert [entry.key for entry in await ledger.read()] == ["a", "b"]
    assert await player.gate.find_sighting("A") is None
    assert_chained(await ledger.read())


async def test_what_no_store_can_hold_is_refused_before_it_waits(player: Player) -> None:
    ledger = await player.open_writer()
    for bad in (
        unit("a", "a"),
        unit(""),
        unit("a\0b"),
        Unit((draft("k", stream="s" * 513),)),
        Unit((draft("k", text="x" * 300_000),)),
        unit("k", effects=(Statement("gate.no_such_statement", {}),)),
        unit("k", effects=(raise_epoch(1),)),
        unit("k", guards=(sighting("A", 1),)),
        unit("k", effects=(Statement("gate.note_sighting", {"plate": "A"}),)),
    ):
        with pytest.raises(InvalidValue):
            await ledger.append(bad)


async def test_a_newer_writer_fences_the_older_one(player: Player) -> None:
    older = await player.open_writer()
    await older.append(unit("a"))
    newer = await player.open_writer()
    with pytest.raises(Fenced):
        await older.append(unit("b"))
    with pytest.raises(Fenced):
        await older.append(unit("c"))
    entry = appended(await newer.append(unit("d"))).entries[0]
    assert (entry.seq, entry.epoch) == (2, 2)
    assert_chained(await newer.read())


async def test_a_reader_cannot_append(player: Player) -> None:
    with pytest.raises(NotAllowed):
        await player.open_reader().append(unit("a"))
    assert await player.open_reader().size() == 0


async def test_a_new_writer_goes_on_where_the_last_one_ended(player: Player) -> None:
    ledger = await player.open_writer()
    for number in range(3):
        await asyncio.gather(*[ledger.append(unit(f"{number}-{n}")) for n in range(200)])
    await ledger.close()
    again = await player.open_writer()
    for number in range(100):
        await again.append(unit(f"again-{number}"))
    assert await again.size() == 700
    leaves = await again.leaf_hashes(0, 700)
    assert again.writer.standing is not None
    assert again.writer.standing.frontier.root() == root_of(leaves)
    assert await prove_root(again, 700) == root_of(leaves)


async def test_proofs_out_of_the_store_verify(player: Player) -> None:
    ledger = await player.open_writer()
    await asyncio.gather(*[ledger.append(unit(f"k{n}")) for n in range(600)])
    leaves = await ledger.leaf_hashes(0, 600)
    for index in (0, 255, 256, 511, 599):
        proof = await prove_inclusion(ledger, index, 600)
        verify_inclusion(leaves[index], index, 600, proof, root_of(leaves))
    proof = await prove_consistency(ledger, 300, 600)
    verify_consistency(300, 600, root_of(leaves[:300]), root_of(leaves), proof)


async def test_a_forgotten_person_cannot_be_read_and_the_chain_still_verifies(player: Player) -> None:
    ledger = await player.open_writer()
    subject = await player.subjects.subject_for("CHN E12345678")
    personal = Personal(subject, b"salt-salt-salt-0", b'{"number":"E12345678"}')
    other = Personal("somebody-else", b"salt-salt-salt-1", b"stays")
    await ledger.append(Unit((draft("a", personal=(personal, other), driver=personal.commitment),)))
    assert await ledger.open_personal(personal.commitment) == personal.payload
    assert await ledger.forget(subject)
    assert not await ledger.forget(subject)
    assert await ledger.open_personal(personal.commitment) is None
    assert await ledger.open_personal(other.commitment) == b"stays"
    assert await player.subjects.find_subject("CHN E12345678") is None
    assert_chained(await ledger.read())


async def test_what_is_recorded_of_a_forgotten_subject_is_not_kept(player: Player) -> None:
    ledger = await player.open_writer()
    personal = Personal("subject", b"salt", b"first")
    await ledger.append(Unit((draft("a", personal=(personal,)),)))
    await ledger.forget("subject")
    late = Personal("subject", b"salt", b"late")
    await ledger.append(Unit((draft("b", personal=(late,)),)))
    assert await ledger.open_personal(late.commitment) is None


async def test_an_identity_has_one_subject_until_it_is_forgotten(player: Player) -> None:
    ledger = await player.open_writer()
    assert await player.subjects.find_subject("MNG 1") is None
    subjects = await asyncio.gather(*[player.subjects.subject_for("MNG 1") for _ in range(5)])
    assert len(set(subjects)) == 1
    assert await player.subjects.subject_for("MNG 2") != subjects[0]
    await ledger.forget(subjects[0])
    assert await player.subjects.subject_for("MNG 1") != subjects[0]
    assert await player.open_reader().open_personal("0" * 64) is None
