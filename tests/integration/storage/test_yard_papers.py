"""A net that the papers do not cover: the lorry is held with the papers' refusal, at once; on both players."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from tests.integration.storage.players import Player
from tests.unit.inspection.papers_kit import IN_DECLARATION, line
from tests.unit.yard.yard_kit import LORRY, SETTINGS, HandClock, Releases

from kouan.journeys.hand_in import PapersCounter
from kouan.journeys.write_off import NetWriteOffs
from kouan.journeys.yard_papers import WrittenOffPapers
from kouan.journeys.yard_visits import Delivery, Done, YardVisits
from kouan.ledger.roles import Unit
from kouan.vocabulary.verdict import Refused, refuse
from kouan.yard.facts import Mend
from kouan.yard.states import Held, Ready
from kouan.yard.tickets import Ticket

COAL = "2701121000"
LOT = f"{IN_DECLARATION}-1"


class Counting:
    """Passes units on to a ledger, and counts them."""

    def __init__(self, ledger: Any) -> None:
        self.ledger = ledger
        self.appended = 0

    async def append(self, unit: Unit) -> Any:
        self.appended += 1
        return await self.ledger.append(unit)


class Yard:
    """A yard whose nets are written off one declaration of 60 t of coal."""

    async def begin(self, player: Player) -> "Yard":
        clock, self.ledger, self.records = HandClock(), Counting(await player.open_writer()), player.yard
        self.clock, self.papers = clock, player.papers
        counter = PapersCounter(player.papers, self.ledger, player.subjects, clock, bytes)  # type: ignore[arg-type]
        goods = [line(hs_code=COAL, goods="炼焦煤", gross_kg=60_000)]
        lines = [{"line": 1, "hs_code": COAL, "goods": "炼焦煤", "net_kg": 60_000}]
        declared = {"number": IN_DECLARATION, "direction": "in", "lines": lines, "consignments": goods}
        assert not isinstance(await counter.declaration(declared), Refused)
        write_offs = WrittenOffPapers(NetWriteOffs(player.papers, self.ledger, clock))  # type: ignore[arg-type]
        released = Releases(refuse("release.may_not_leave"))
        self.visits = YardVisits(SETTINGS, player.yard, self.ledger, released, write_offs, clock, bytes)  # type: ignore[arg-type]
        return self

    async def bring(self, number: int, net_kg: int) -> Any:
        """Bring a load in, up to its second weighing; return what that said."""
        visit, plate = f"yard-p{number}", f"{LORRY[:-1]}{number}"
        await self.visits.deliver(
            Delivery(f"p{number}", "coal", plate, "C", LOT, COAL, "炼焦煤", 60_000, 1, ("bat",), COAL)
        )
        await self.weigh(number, 15_000 + net_kg, f"g{number}")
        await self.visits.begin_handling(visit, "coal/A/1/1", "wang")
        await self.visits.tally(visit, "wang", 800)
        return await self.weigh(number, 15_000, f"t{number}")

    async def weigh(self, number: int, mass_kg: int, ticket: str) -> Any:
        plate = f"{LORRY[:-1]}{number}"
        return await self.visits.weigh(f"yard-p{number}", Ticket(ticket, "W1", plate, mass_kg, self.clock.now()))

    async def taken(self) -> Mapping[str, int]:
        return {each.item: each.taken_kg for each in await self.papers.balances([IN_DECLARATION]) if each.item == "1"}


@pytest.fixture
async def yard(player: Player) -> Yard:
    return await Yard().begin(player)


async def test_a_net_beyond_the_papers_holds_the_lorry_at_once_with_field_and_rule(yard: Yard) -> None:
    assert isinstance((await yard.bring(1, 40_000)).state, Ready)
    before = yard.ledger.appended
    held = await yard.bring(2, 30_000)
    assert isinstance(held, Done)
    assert isinstance(held.state, Held)
    (reason,) = held.state.reasons
    assert (reason.code, reason.params["field"]) == ("yard.papers_exceeded", "net_kg")
    assert yard.ledger.appended - before == 6, "four steps, one refusal, one hold: nothing is tried again in vain"
    assert await yard.taken() == {"1": 40_000}
    assert await yard.records.find_net("yard-p2") is None


async def test_a_lorry_that_its_papers_held_goes_on_once_it_weighs_what_they_cover(yard: Yard) -> None:
    await yard.bring(1, 40_000)
    await yard.bring(2, 30_000)
    assert isinstance(await yard.visits.mend("yard-p2", Mend.WEIGH_AGAIN, "wang", "part was loaded back"), Done)
    again = await yard.weigh(2, 25_000, "t2b")
    assert isinstance(again.state, Ready)
    assert await yard.taken() == {"1": 60_000}


async def test_of_two_lorries_that_weigh_out_at_once_the_papers_cover_only_one(yard: Yard) -> None:
    done = await asyncio.gather(yard.bring(1, 40_000), yard.bring(2, 40_000))
    assert sorted(type(each.state).__name__ for each in done) == ["Held", "Ready"]
    assert await yard.taken() == {"1": 40_000}


async def test_the_first_two_lorries_of_a_lot_may_arrive_at_once(yard: Yard) -> None:
    both = await asyncio.gather(
        *[
            yard.visits.deliver(
                Delivery(f"p{n}", "coal", f"{LORRY[:-1]}{n}", "C", LOT, COAL, "炼焦煤", 60_000, 1, ("bat",), COAL)
            )
            for n in (1, 2)
        ]
    )
    assert [type(each).__name__ for each in both] == ["Done", "Done"]
