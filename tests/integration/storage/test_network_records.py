"""The hub's copies and projections, and a port's bulletins: both players keep them alike."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec
import pytest
from tests.integration.storage.players import PORT, MemoryPlayer, Player, PostgresPlayer

from kouan.adapters.appending.opening import frontier_at
from kouan.adapters.memory.ledger import MemoryLedger
from kouan.adapters.memory.network import MemoryEdgeRecords, MemoryHubRecords
from kouan.adapters.network.port_copy import PortTree
from kouan.adapters.postgres.ledger import PostgresLedger
from kouan.adapters.postgres.network import PostgresEdgeRecords, PostgresHubRecords
from kouan.ledger.entries import GENESIS, Entry, canonical
from kouan.ledger.merkle import Frontier
from kouan.ledger.roles import Appended, Statement, Unit, UnitRefused
from kouan.network import units
from kouan.network.bulletins import BulletinKept, Issued, PublishedRulebook
from kouan.network.reading import changes
from kouan.network.records import EdgeRecords, HubRecords, KeptBulletin, PreAuthorisedRecord, RegionHold, Watched
from kouan.network.region import HOUR_US
from kouan.network.roles import RegionRecords
from kouan.network.taking import Accepted, Batch, Position, judge, read_batch
from kouan.network.travel import Distances, Presence, impossible
from kouan.network.views import Flow, PortFacts, RegionAlarm
from kouan.protocols.network.messages import BulletinKind, Holds, SightingItem, Witnessed
from kouan.vocabulary.places import Direction

NOON = 1_788_242_400_000_000
MINUTE = 60_000_000
FACTS = (
    PortFacts("ganqimaodu", {"zh": "甘其毛都"}, "road", 42_400_000, 107_600_000, ""),
    PortFacts("ceke", {"zh": "策克"}, "road", 42_300_000, 101_300_000, ""),
)
Writer = PostgresLedger | MemoryLedger


class Both(HubRecords, RegionRecords): ...


class Clock:
    def now(self) -> int:
        return NOON + 30 * MINUTE

    def monotonic(self) -> int:
        return self.now()


def records_of(player: Player) -> Both:
    enrolled: Callable[[], Sequence[str]] = lambda: ["ceke"]  # noqa: E731
    if isinstance(player, PostgresPlayer):
        return PostgresHubRecords(player.database, FACTS, enrolled, Clock())  # type: ignore[return-value]
    assert isinstance(player, MemoryPlayer)
    return MemoryHubRecords(player.disk, FACTS, enrolled, Clock())  # type: ignore[return-value]


def edge_records_of(player: Player) -> EdgeRecords:
    if isinstance(player, PostgresPlayer):
        return PostgresEdgeRecords(player.database, PORT)
    assert isinstance(player, MemoryPlayer)
    return MemoryEdgeRecords(player.disk, PORT)


class Port:
    """A port's ledger, written by hand and taken by the hub under test."""

    def __init__(self, port: str, ledger: Writer) -> None:
        self.port = port
        self.entries: list[Entry] = []
        self.position = Position()
        self.frontier = Frontier()
        self._ledger = ledger

    def write(self, kind: str, stream: str, when: int, **body: Any) -> None:
        seq = len(self.entries) + 1
        prev = self.entries[-1].hash if self.entries else GENESIS
        raw = msgspec.Raw(canonical(body))
        self.entries.append(Entry(when, raw, 1, f"k{seq}", kind, self.port, prev, seq, stream))

    def opens(self, passage: str, at: int, direction: str = "in") -> None:
        fact = {"at": at, "lane": "I1", "direction": direction}
        self.write("gate.passage_opened/1", passage, at, at=at, fact=fact)

    def reads(self, passage: str, plate: str, at: int) -> None:
        self.write("gate.evidence/1", passage, at, fact={"evidence": {"type": "plates", "tractor": plate}}, used=True)

    def closes(self, passage: str, at: int, state: str = "cleared", stop_us: int | None = 9_000_000) -> None:
        self.write("gate.closed/1", passage, at, at=at, state=state, stop_us=stop_us)

    async def admit(self) -> Appended | UnitRefused:
        return await self._ledger.append(units.admission(self.port, Position(), NOON))

    def unit(self) -> Unit:
        fresh = self.entries[self.position.size :]
        batch = read_batch(self.port, [one.encode() for one in fresh])
        assert isinstance(batch, Batch)
        accepted = judge(self.position, batch)
        assert isinstance(accepted, Accepted)
        self._after, self._grown = accepted.after, self.frontier.copy()
        tiles = self._grown.extend(one.leaf for one in accepted.fresh)
        said = changes([one.entry for one in accepted.fresh])
        return units.taking(self.port, self.position, accepted, tiles, said, len(self.entries), NOON)

    async def take(self) -> Appended | UnitRefused:
        answer = await self._ledger.append(self.unit())
        if isinstance(answer, Appended):
            self.position, self.frontier = self._after, self._grown
        return answer


@pytest.fixture
async def ledger(player: Player) -> Writer:
    return await player.open_writer()


@pytest.fixture
def records(player: Player) -> Both:
    return records_of(player)


async def port_of(ledger: Writer, name: str = "ceke") -> Port:
    port = Port(name, ledger)
    await port.admit()
    return port


async def test_what_is_taken_can_be_read_again_byte_for_byte(ledger: Writer, records: Both) -> None:
    port = await port_of(ledger)
    for number in range(300):
        port.write("gate.evidence/1", "p", NOON + number, n=number, text="口岸")
    assert isinstance(await port.take(), Appended)
    encoded = [entry.encode() for entry in port.entries]
    assert list(await records.entries("ceke", 0, 1000)) == encoded
    assert list(await records.entries("ceke", 298, 1000)) == encoded[298:]
    assert await records.leaf("ceke", 300) == port.entries[-1].leaf
    assert await records.leaf("ceke", 301) is None
    assert list(await records.entries("ganqimaodu")) == []
    (row,) = await records.ports()
    assert (row.port, row.taken, row.last, row.size) == ("ceke", 300, port.entries[-1].leaf, 300)
    assert row.position == port.position
    tree = await frontier_at(PortTree(records, "ceke"), 300)
    assert tree.root() == port.frontier.root()


async def test_a_batch_is_taken_once_whoever_tries_again(ledger: Writer, records: Both) -> None:
    port = await port_of(ledger)
    port.opens("p1", NOON)
    port.closes("p1", NOON + MINUTE)
    unit = port.unit()
    assert isinstance(await ledger.append(unit), Appended)
    again = await ledger.append(unit)
    assert isinstance(again, Appended)
    assert again.repeated
    other = msgspec.structs.replace(unit, drafts=(msgspec.structs.replace(unit.drafts[0], key="network/other"),))
    assert await ledger.append(other) == UnitRefused("network.advance")
    assert len(await records.entries("ceke")) == 2
    assert await records.flow(None, 0, 2 * NOON) == [Flow("ceke", NOON // HOUR_US * HOUR_US, released_in=1)]


async def test_a_port_is_admitted_once_and_nothing_is_taken_while_it_is_suspended(
    ledger: Writer, records: Both
) -> None:
    port = await port_of(ledger)
    assert isinstance(await port.admit(), Appended)  # the same key: it was done before
    port.opens("p1", NOON)
    suspend = Unit(
        (units.draft("suspended", "ceke", "s", {}),),
        (Statement("network.suspend", {"port": "ceke", "rule": "chain.fork"}),),
    )
    assert isinstance(await ledger.append(suspend), Appended)
    assert await port.take() == UnitRefused("network.advance")
    assert (await records.ports())[0].suspended == "chain.fork"
    resume = Unit((units.draft("resumed", "ceke", "r", {}),), (Statement("network.resume", {"port": "ceke"}),))
    assert isinstance(await ledger.append(resume), Appended)
    assert isinstance(await port.take(), Appended)


async def test_passages_become_standings_flow_and_presences(ledger: Writer, records: Both) -> None:
    port = await port_of(ledger)
    port.opens("p1", NOON - HOUR_US)
    port.reads("p1", "A", NOON - HOUR_US)
    port.closes("p1", NOON - HOUR_US + MINUTE)
    port.opens("p2", NOON, "out")
    port.reads("p2", "B", NOON)
    assert isinstance(await port.take(), Appended)
    port.write("gate.review_opened/1", "p2", NOON + MINUTE)
    port.opens("p3", NOON)
    port.closes("p3", NOON + 2 * MINUTE, "refused", None)
    port.opens("p4", NOON)
    port.closes("p4", NOON + 3 * MINUTE, stop_us=11_000_000)
    assert isinstance(await port.take(), Appended)
    await records.hear("ceke", 20, NOON + 4 * MINUTE)
    ganqimaodu, ceke = await records.standings()
    assert (ganqimaodu.port, ganqimaodu.enrolled, ganqimaodu.behind) == ("ganqimaodu", False, None)
    assert (ceke.enrolled, ceke.taken, ceke.behind, ceke.heard_at) == (True, 10, 10, NOON + 4 * MINUTE)
    assert (ceke.open_passages, ceke.held, ceke.hour_in, ceke.day_in, ceke.day_out) == (1, 1, 1, 2, 0)
    assert (ceke.median_stop_us, ceke.entry_at) == (11_000_000, NOON + 3 * MINUTE)
    first, second = NOON // HOUR_US * HOUR_US - HOUR_US, NOON // HOUR_US * HOUR_US
    hours = [Flow("ceke", first, released_in=1), Flow("ceke", second, released_in=1, refused=1)]
    assert list(await records.flow("ceke", 0, 2 * NOON)) == hours
    assert list(await records.flow("ceke", second, 2 * NOON)) == hours[1:]
    assert list(await records.flow("ganqimaodu", 0, 2 * NOON)) == []
    seen = await records.presences(["A", "B", "C"], NOON - 2 * HOUR_US, NOON + HOUR_US)
    assert [(one.plate, one.passage, one.since, one.until) for one in seen] == [
        ("A", "p1", NOON - HOUR_US, NOON - HOUR_US + MINUTE),
        ("B", "p2", NOON, NOON + 3 * MINUTE),
    ]
    assert list(await records.presences(["A"], NOON, NOON + HOUR_US)) == []
    item = SightingItem(plate="B", port="ceke", lane="I1", at=NOON, direction=Direction.OUT)
    assert list(await records.sightings(NOON)) == [item]
    (known,) = await records.passages("ceke", ["p2", "nothing"])
    assert (known.plate, known.held, known.opened_at, known.closed_at) == ("B", True, NOON, None)


async def test_a_witnessed_head_only_grows(ledger: Writer, records: Both) -> None:
    await port_of(ledger)

    async def witness(size: int) -> Appended | UnitRefused:
        return await ledger.append(units.witnessing(Witnessed("r", "ceke", size, "0" * 64, NOON, NOON)))

    assert isinstance(await witness(5), Appended)
    assert await witness(4) == UnitRefused("network.witness")
    assert (await records.ports())[0].witnessed_size == 5


async def test_a_cloned_plate_raises_one_alarm_and_one_hold(ledger: Writer, records: Both) -> None:
    distances = Distances({one.port: one for one in FACTS})
    here = Presence("A", "ceke", "I1", "in", "p1", NOON, NOON + MINUTE)
    there = Presence("A", "ganqimaodu", "I1", "in", "p2", NOON + 10 * MINUTE, NOON + 11 * MINUTE)
    found = impossible(here, there, distances)
    assert found is not None
    assert found.number == impossible(there, here, distances).number  # type: ignore[union-attr]
    assert isinstance(await ledger.append(units.cloned(found, NOON)), Appended)
    (alarm,) = await records.alarms()
    assert (alarm.code, alarm.params["plate"], alarm.priority) == ("region.impossible_travel", "A", 1)
    assert await records.find_alarm(found.number) == alarm
    assert [hold.plate for hold in await records.holds()] == ["A"]


async def test_alarms_that_nobody_acknowledged_come_first(ledger: Writer, records: Both) -> None:
    for number, at in (("a", 1), ("b", 2), ("c", 3)):
        await ledger.append(units.alarming(RegionAlarm(number, "ceke", at, 2, "region.suspended", {"seq": 1})))
    taken = Statement("network.acknowledge_alarm", {"number": "c", "by": "wang"})
    assert isinstance(await ledger.append(Unit((units.draft("x", "c", "c1", {}),), (taken,))), Appended)
    refused = await ledger.append(Unit((units.draft("x", "c", "c2", {}),), (taken,)))
    assert refused == UnitRefused("network.acknowledge_alarm")
    assert [alarm.number for alarm in await records.alarms()] == ["b", "a", "c"]
    assert [alarm.number for alarm in await records.alarms(1)] == ["b"]


HOLD = RegionHold("h1", "customs", "detain", "A", None, "reason", "wang", NOON)
WATCHED = Watched("w1", "customs", "A", None, "0" * 64, "reason", "wang", NOON)
BOOK = PublishedRulebook("ceke", "1", NOON, "id = 'ceke'", "wang", NOON)


@pytest.mark.parametrize(
    ("guard", "record", "read"),
    [
        ("network.place_hold", HOLD, lambda records: records.holds()),
        ("network.add_watch", WATCHED, lambda records: records.watched()),
        ("network.publish_rulebook", BOOK, lambda records: records.rulebooks()),
    ],
)
async def test_what_people_decide_stands_once(
    ledger: Writer, records: Both, guard: str, record: msgspec.Struct, read: Callable[[Both], Awaitable[Sequence[Any]]]
) -> None:
    placed = units.plain(guard, record)
    assert isinstance(await ledger.append(Unit((units.draft("x", "s", "k1", {}),), (placed,))), Appended)
    assert await ledger.append(Unit((units.draft("x", "s", "k2", {}),), (placed,))) == UnitRefused(guard)
    assert list(await read(records)) == [record]


async def test_holds_and_watches_end_once(ledger: Writer, records: Both) -> None:
    guards = (units.plain("network.place_hold", HOLD), units.plain("network.add_watch", WATCHED))
    await ledger.append(Unit((units.draft("x", "s", "k1", {}),), guards))
    lift = Statement("network.lift_hold", {"number": "h1", "lifted_by": "li", "lifted_at": NOON + 1})
    remove = Statement("network.remove_watch", {"number": "w1"})
    assert isinstance(await ledger.append(Unit((units.draft("x", "s", "k2", {}),), (lift, remove))), Appended)
    assert await ledger.append(Unit((units.draft("x", "s", "k3", {}),), (lift,))) == UnitRefused("network.lift_hold")
    again = await ledger.append(Unit((units.draft("x", "s", "k4", {}),), (remove,)))
    assert again == UnitRefused("network.remove_watch")
    assert list(await records.holds()) == []
    assert list(await records.watched()) == []


async def test_a_permit_replaces_the_one_before_and_ends_by_itself(ledger: Writer, records: Both) -> None:
    for number, until in enumerate((NOON + 1, NOON + HOUR_US)):
        permit = PreAuthorisedRecord("A", None, "carrier", NOON, until, True, "wang", NOON)
        effect = units.plain("network.preauthorise", permit)
        await ledger.append(Unit((units.draft("x", "s", f"k{number}", {}),), (), (effect,)))
    assert list(await records.preauthorised(NOON)) == [permit]
    assert list(await records.preauthorised(NOON + HOUR_US)) == []


async def test_a_permit_is_withdrawn_once(ledger: Writer, records: Both) -> None:
    permit = PreAuthorisedRecord("A", None, "carrier", NOON, NOON + HOUR_US, True, "wang", NOON)
    await ledger.append(units.preauthorising(permit, NOON))
    withdraw = Statement("network.withdraw", {"plate": "A"})
    assert isinstance(await ledger.append(Unit((units.draft("x", "s", "k1", {}),), (withdraw,))), Appended)
    assert list(await records.preauthorised(NOON)) == []
    again = await ledger.append(Unit((units.draft("x", "s", "k2", {}),), (withdraw,)))
    assert again == UnitRefused("network.withdraw")


async def test_what_was_issued_last_is_known(ledger: Writer, records: Both) -> None:
    for version in (1, 2):
        await ledger.append(units.issuing([Issued("ceke", BulletinKind.HOLDS, version, f"d{version}")], NOON))
    found = await records.issued()
    assert found == {("ceke", BulletinKind.HOLDS): Issued("ceke", BulletinKind.HOLDS, 2, "d2")}


async def test_a_port_keeps_the_highest_version_and_never_goes_back(player: Player, ledger: Writer) -> None:
    kept = edge_records_of(player)

    async def keep(version: int, issued_at: int) -> Appended | UnitRefused:
        bulletin = Holds(region="r", port=PORT, version=version, issued_at=issued_at, valid_until=2 * NOON, items=())
        row = KeptBulletin(BulletinKind.HOLDS, version, issued_at, issued_at + 1, b"signed-%d" % version)
        body = BulletinKept(BulletinKind.HOLDS, "r", version, issued_at, 2 * NOON, 0, "d", None)
        return await ledger.append(units.keeping(bulletin, row, body))

    assert isinstance(await keep(2, NOON), Appended)
    assert await keep(1, NOON + 1) == UnitRefused("network.keep_bulletin")
    (row,) = await kept.bulletins()
    assert row == KeptBulletin(BulletinKind.HOLDS, 2, NOON, NOON + 1, b"signed-2")
    later = KeptBulletin(BulletinKind.HOLDS, 2, NOON + 5, NOON + 6, b"signed-again")
    await kept.refresh(later)
    await kept.refresh(KeptBulletin(BulletinKind.HOLDS, 2, NOON + 4, NOON + 9, b"older"))
    await kept.refresh(KeptBulletin(BulletinKind.HOLDS, 1, NOON + 9, NOON + 9, b"another"))
    assert list(await kept.bulletins()) == [later]


async def test_a_port_keeps_every_word_of_the_hub_on_its_heads(player: Player, ledger: Writer) -> None:
    kept = edge_records_of(player)
    assert await kept.latest_witness() is None
    for size, word in ((9, b"nine"), (5, b"five"), (9, b"again")):
        await kept.add_witness(size, NOON, word)
    assert await kept.latest_witness() == b"nine"
