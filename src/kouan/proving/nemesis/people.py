"""What people do at the worst moment, and what they must not be able to do."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from kouan.gate.decide import UNSPOKEN
from kouan.proving.nemesis.field import lane_of
from kouan.proving.nemesis.plan import FaultAct
from kouan.proving.nemesis.world import World
from kouan.simulator.roles import Document
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.errors import InvalidValue, KouanError

T = TypeVar("T")

HELD_S = 25.0
"""How long a late hold stands before it is lifted. Our choice: longer than the order that it overtakes lives."""

LOOKS_EVERY_S = 0.5
"""How often the desk is looked at for a review to quarrel about. Our choice."""

_OTHERS = {"customs": "border_inspection", "border_inspection": "site", "site": "customs"}
_MOMENTS = ("gate.decision/1", "gate.order/1", "command")


async def late_hold(world: World, act: FaultAct) -> bool:
    """Hold a vehicle as soon as it was decided on, ordered for, or its barrier was commanded; lift it later."""
    plate = await _at_moment(world, act)
    return plate is not None and await held_for_a_while(world, act.target, plate)


async def held_for_a_while(world: World, authority: str, plate: str) -> bool:
    """Hold a plate for an authority and lift the hold later; say whether it was taken."""
    order = {"authority": authority, "kind": "examine", "reason": "Told late", "plate": plate}
    try:
        number = await _patiently(lambda: world.port.desk.place(order))
    except InvalidValue:
        return False  # no plate was read
    if not number:
        return False
    await asyncio.sleep(HELD_S)
    await _patiently(lambda: world.port.desk.lift(number, authority, "Examined"))
    return True


async def _at_moment(world: World, act: FaultAct) -> str | None:
    """Return the plate of the vehicle at the next such moment, None where none comes in time."""
    came: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    wanted = _MOMENTS[act.params["moment"]]

    def entry_came(entry: Any) -> bool:
        lane = lane_of(world, entry) if entry.kind == wanted else None
        return noted(None if lane is None else lane.equipment.barriers.at_line.plate)

    def command_came(topic: str) -> bool:
        lane = world.port.field.lanes.get(topic.split("/")[2]) if topic.endswith("/barrier/command") else None
        return noted(None if lane is None else lane.equipment.barriers.at_line.plate)

    def noted(plate: str | None) -> bool:
        if plate is not None and not came.done():
            came.set_result(plate)
        return came.done()

    kind, moment = ("broker accepted", command_came) if wanted == "command" else ("platform entry", entry_came)
    world.when(kind, moment)
    try:
        return await asyncio.wait_for(came, act.span_us / SECOND)
    except TimeoutError:
        return None
    finally:
        world.forget(kind, moment)


async def contradiction(world: World, act: FaultAct) -> bool:
    """Let two officers of the authority that is asked decide the next review at once, differently."""
    item = await _next_review(world, act, lambda item: len(set(item["allowed"]) & {"divert", "refuse"}) == 2)
    if item is None:
        return False
    desk, authority, passage = world.port.desk, str(item["authority"]), str(item["passage"])
    first = {"action": "divert", "reason": "Into the yard"}
    second = {"action": "refuse", "reason": "Back where it came from"}
    asked = [
        asyncio.ensure_future(told(desk.decide_as(authority, passage, first))),
        asyncio.ensure_future(told(desk.decide_as(authority, passage, second, second=True))),
    ]
    answers = [await each for each in asked]
    if answers == [True, True]:
        world.wrong("I12", f"two contradictory decisions on {passage} were both taken")
    return any(answers)


async def foreign_release(world: World, act: FaultAct) -> bool:
    """Let an officer release what is another authority's to judge: it must be refused."""
    item = await _next_review(world, act, lambda item: _is_judged_by_others(item, act.target))
    if item is None:
        return False
    release: dict[str, Any] = {"action": "release", "reason": "I know the driver"}
    if await told(world.port.desk.decide_as(act.target, str(item["passage"]), release)):
        world.wrong("I12", f"{act.target} released {item['passage']}, in which it found nothing")
    return True


def _is_judged_by_others(item: Mapping[str, Any], authority: str) -> bool:
    """Say whether others found something; where they have only not spoken yet, anybody's word asks them again."""
    found = [(finding["authority"], finding["reason"]["code"]) for finding in item["findings"]]
    spoken = [code for judge, code in found if code not in {f"{judge}.{cause}" for cause in UNSPOKEN}]
    return bool(spoken) and all(judge != authority for judge, _ in found)


async def foreign_lift(world: World, act: FaultAct) -> bool:
    """Hold a vehicle at a line, and let another authority lift the hold: it must be refused."""
    lines = (lane.equipment.barriers.at_line.plate for lane in world.port.field.lanes.values())
    plate = next((plate for plate in lines if plate is not None), None)
    if plate is None:
        return False
    order = {"authority": act.target, "kind": "examine", "reason": "To be looked at", "plate": plate}
    number = await _told_number(world, order)
    if number is None:
        return False
    if await told(world.port.desk.lift(number, _OTHERS[act.target], "No reason to wait")):
        world.wrong("I12", f"{_OTHERS[act.target]} lifted hold {number} of {act.target}")
    await asyncio.sleep(act.span_us / SECOND)
    await _patiently(lambda: world.port.desk.lift(number, act.target, "Looked at"))
    return True


async def override(world: World, act: FaultAct) -> bool:
    """Let officers release what their own authority found, again and again, lawfully in the end.

    ``how`` counts from where on which try lacks what: one in three a second person, one in two a survey by hand.
    """
    tried = 0
    ends_at = world.clock.now() + act.span_us
    seen: set[str] = set()
    while world.clock.now() < ends_at and world.left_s > 0:
        item = await _next_review(world, act, lambda item: "release" in item["allowed"] and item["passage"] not in seen)
        if item is None:
            break
        how = act.params["how"] + len(seen)
        seen.add(str(item["passage"]))
        tried += await _override(world, item, alone=how % 3 == 0, surveyed=how % 2 == 0)
    return tried > 0


async def _override(world: World, item: Document, *, alone: bool, surveyed: bool) -> bool:
    """Release an item after all that falls short of it: each must be refused, or be found by whoever watches."""
    desk, authority, passage = world.port.desk, str(item["authority"]), str(item["passage"])
    release: dict[str, Any] = {"action": "release", "reason": "Looked at; it may go on"}
    if surveyed:
        release["corrections"] = {"survey": "Hand-held: background all over"}
    await told(desk.decide_as(authority, passage, release, stepped_up=False))
    await told(desk.decide_as(authority, passage, {**release, "reason": " "}))
    taken = await told(desk.decide_as(authority, passage, release))
    if not alone:
        await told(desk.confirm_as(authority, passage, "I am sure", second=False))
        await told(desk.confirm_as(_OTHERS[authority], passage, "Agreed by another authority"))
        await told(desk.confirm_as(authority, passage, "Seen and agreed"))
    return taken


async def _next_review(world: World, act: FaultAct, wanted: Any) -> Document | None:
    for _ in range(round(act.span_us / SECOND / LOOKS_EVERY_S)):
        await asyncio.sleep(LOOKS_EVERY_S)
        try:
            items = await world.port.desk.reviews()
        except KouanError:
            continue
        found = next((item for item in items if item["first"] is None and wanted(item)), None)
        if found is not None:
            return found
    return None


async def _told_number(world: World, order: Document) -> str | None:
    try:
        return await world.port.desk.place(order)
    except KouanError:
        return None


async def told(asking: Awaitable[bool]) -> bool:
    """Return whether it was done; what nobody answered was not."""
    try:
        return await asking
    except KouanError:
        return False


async def _patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask until somebody answers: nobody who must lift a hold gives up because the port is dead just now."""
    while True:
        try:
            return await ask()
        except InvalidValue:
            raise
        except KouanError:
            await asyncio.sleep(1.0)
