"""Release goes by what is declared, the book by what was weighed: neither lets out what the other does not have."""

from typing import Any

from tests.journeys.test_yard import IN_DECLARATION, LOT, NOW, Port
from tests.unit.yard.yard_kit import DOMESTIC

from kouan.inspection.overrun import Overrun
from kouan.inspection.release.lot import LotState
from kouan.journeys.yard_visits import Done
from kouan.vocabulary.verdict import Refused
from kouan.yard.facts import Mend
from kouan.yard.pickups import Wanted
from kouan.yard.roles import Released
from kouan.yard.states import Held, Left, Ready


class Loose(Port):
    """A port to which goods in bulk may come by five thousandths over what is declared."""

    overrun = staticmethod(lambda hs_code, at: Overrun(5, "bulk@1"))


async def free(port: Port, declared_kg: int, net_kg: int) -> Released:
    """Bring a lot in that weighs something else than it was declared with, and release it; return what may leave."""
    await port.hand_in(declared_kg)
    await port.open_lot()
    await port.arrivals.cleared(await port.gate_clears())
    await port.weigh("yard-p-in", 18_000 + net_kg, "g1")
    await port.yard.visits.begin_handling("yard-p-in", "coal/A/1/1", "wang")
    await port.yard.visits.tally("yard-p-in", "wang", 800)
    brought = await port.weigh("yard-p-in", 18_000, "t1")
    assert isinstance(brought.state, Ready), brought
    assert await port.checked() is LotState.FREE
    released = await port.yard.visits._goods.of(LOT)
    assert isinstance(released, Released)
    return released


async def order(port: Port, number: str, quantity_kg: int) -> Any:
    return await port.yard.goods.order(Wanted(number, LOT, DOMESTIC, "C", quantity_kg, NOW, NOW + 3600 * 10**6), "firm")


async def loaded(port: Port, number: str, mass_kg: int = 0) -> Any:
    """Let a lorry in, load it and weigh it; return where it stands then, or why it is not loaded."""
    await port.yard.visits.admit(number, DOMESTIC, "C", 1, ("driver",))
    visit = f"yard-{number}"
    await port.weigh(visit, 15_000, f"{number}-tare")
    begun = await port.yard.visits.begin_handling(visit, "coal/A/1/1", "wang")
    if isinstance(begun, Refused):
        return begun
    await port.yard.visits.tally(visit, "wang")
    return await port.weigh(visit, 15_000 + mass_kg, f"{number}-gross")


def codes(done: Any) -> list[str]:
    return [reason.code for reason in (done.reasons if isinstance(done, Refused) else done.state.reasons)]


async def left(port: Port, number: str) -> None:
    done = await port.yard.visits.leave(f"yard-{number}", 1, ("driver",))
    assert isinstance(done, Done)
    assert isinstance(done.state, Left)
    assert (await port.yard.goods.balance("coal")).findings == ()


async def test_of_a_lot_that_came_short_no_more_leaves_than_came_whatever_is_declared() -> None:
    port = await Port().begin()
    released = await free(port, 30_050, 30_000)
    assert released.mass_kg == 30_050, "inspection releases the lot as it is declared"
    assert not isinstance(await order(port, "o1", 30_050), Refused)
    held = await loaded(port, "o1", 30_050)
    assert (type(held.state), codes(held)) == (Held, ["yard.stack_short"])
    await port.yard.visits.mend("yard-o1", Mend.WEIGH_AGAIN, "wang", "unloaded a part")
    ready = await port.weigh("yard-o1", 45_000, "o1-again")
    assert isinstance(ready.state, Ready), ready
    await left(port, "o1")
    assert not isinstance(await order(port, "o2", 50), Refused)
    assert codes(await loaded(port, "o2")) == ["yard.no_stack"], "nothing lies there any more"


async def test_what_came_over_the_declaration_is_not_released_with_it() -> None:
    port = await Loose().begin()
    released = await free(port, 30_000, 30_100)
    assert released.mass_kg == 30_000
    (balance,) = [each for each in await port.papers.balances([IN_DECLARATION]) if each.item == "1"]
    assert balance.taken_kg == 30_100, "the net is written off, all of it"
    exceeded = await order(port, "o1", 30_001)
    assert [reason.code for reason in exceeded.reasons] == ["order.exceeded"]
    assert not isinstance(await order(port, "o1", 30_000), Refused)
    held = await loaded(port, "o1", 30_001)
    assert (type(held.state), codes(held)) == (Held, ["yard.more_than_released"])
    await port.yard.visits.mend("yard-o1", Mend.WEIGH_AGAIN, "wang", "unloaded a kilogram")
    assert isinstance((await port.weigh("yard-o1", 45_000, "o1-again")).state, Ready)
    await left(port, "o1")
    (lot,) = await port.visits.lots()
    assert (lot.in_kg, lot.out_kg) == (30_100, 30_000)
    assert isinstance(await order(port, "o2", 1), Refused), "the rest waits for papers that cover it"
