"""Those who mean harm: forged, altered and replayed orders, and papers handed in twice."""

import asyncio
import base64
import contextlib
from typing import Any

import msgspec

from kouan.adapters.memory.keys import MemoryKey
from kouan.adapters.memory.transit import Faults
from kouan.protocols.jws import PrivateKeySigner
from kouan.protocols.lane_order import codec
from kouan.protocols.lane_order.messages import OpenOrder
from kouan.proving.nemesis.people import held_for_a_while, told
from kouan.proving.nemesis.plan import FaultAct
from kouan.proving.nemesis.weather import Front
from kouan.proving.nemesis.world import World
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.errors import Unavailable

FORGED = "forged"
"""With this begin the numbers of orders that nobody gave."""

STRANGER, ALTERED, ELSEWHERE, AGAIN = range(4)
WAYS = 4

HELD = 2

TILL_ITS_END_S = 4.65
"""How long an order is kept so that it does not come before its end, nor the lane takes its platform for gone."""

AGAIN_AFTER_S = 5.9
"""When an order that was kept from its lane is brought again. Our choice: after its end, and before another order is
given for the same vehicle."""
"""How an order is abused: signed by a stranger, altered under its signature, sent to another lane, sent again later."""


async def forged_order(world: World, act: FaultAct) -> bool:
    """Abuse orders as they become durable, one in each way, before they go out themselves or after they were obeyed."""
    ends_at, abused = world.clock.now() + act.span_us, 0
    while abused < WAYS and world.clock.now() < ends_at:
        order = await _next_order(world, (ends_at - world.clock.now()) / SECOND)
        if order is not None:
            await _abuse(world, order, (act.params["how"] + abused) % WAYS, act.params["later_ms"] / 1000)
            abused += 1
    return abused > 0


async def _abuse(world: World, order: dict[str, Any], how: int, later_s: float) -> None:
    lane = str(order["order_id"]).removeprefix(f"{world.port.name}-").split("-")[0]
    lanes = world.port.lanes
    if how == ELSEWHERE:
        lane = lanes[(lanes.index(lane) + 1) % len(lanes)]
    elif how == AGAIN:
        await asyncio.sleep(later_s)
    link = world.port.broker.device_link("intruder")
    with contextlib.suppress(Unavailable):
        await link.send(f"kouan/{world.port.name}/{lane}/order/open", _abused(world, how, order))
    await link.close()


async def held_order(world: World, act: FaultAct) -> bool:
    """Keep the next order from its lane for seconds, and bring it once more when it has expired.

    Meanwhile, by ``what``, nothing happens (0), another vehicle takes the place of the one that it was given for, under
    the same track (1), or that one is held (2).
    """
    order = await _next_order(world, act.span_us / SECOND)
    if order is None:
        return False
    name = str(order["order_id"]).removeprefix(f"{world.port.name}-").split("-")[0]
    front = Front("lane-controller", up=False, down=True, faults=Faults(cut=True))
    world.weather.begin(front)
    held = None
    if act.params["what"] == 1:
        world.port.field.lanes[name].swap(counted=False)
    elif act.params["what"] == HELD:
        held = asyncio.create_task(held_for_a_while(world, "customs", str(order["vehicle"]["plate"])), name="held")
    held_s = act.params["held_ms"] / 1000 if act.params["what"] else TILL_ITS_END_S
    await asyncio.sleep(held_s)
    world.weather.end(front)
    await asyncio.sleep(AGAIN_AFTER_S - held_s)
    link = world.port.broker.device_link("intruder")
    with contextlib.suppress(Unavailable):
        await link.send(f"kouan/{world.port.name}/{name}/order/open", str(order["jws"]).encode())
    await link.close()
    if held is not None:
        await held
    return True


def _abused(world: World, how: int, order: dict[str, Any]) -> bytes:
    compact = str(order["jws"]).encode()
    head, payload, signature = compact.split(b".")
    said = msgspec.json.decode(base64.urlsafe_b64decode(payload + b"=" * (-len(payload) % 4)))
    new = {
        "order_id": f"{FORGED}-{world.chance.getrandbits(32):08x}",
        "nonce": f"{world.chance.getrandbits(128):032x}",
        "barrier": "release",
        "outcome": "RELEASE",
    }
    if how == STRANGER:
        stranger = PrivateKeySigner(world.port.signer.key_id, MemoryKey(world.chance.randbytes(32)))
        return codec.sign_order(stranger, msgspec.convert({**said, **new}, OpenOrder))
    if how == ALTERED:
        altered = base64.urlsafe_b64encode(msgspec.json.encode({**said, **new})).rstrip(b"=")
        return b".".join((head, altered, signature))
    return compact


async def _next_order(world: World, within_s: float) -> dict[str, Any] | None:
    came: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()

    def ordered(entry: Any) -> bool:
        if entry.kind == "gate.order/1" and not came.done():
            came.set_result(msgspec.json.decode(entry.body)["order"])
        return came.done()

    world.when("platform entry", ordered)
    try:
        return await asyncio.wait_for(came, within_s)
    except TimeoutError:
        return None
    finally:
        world.forget("platform entry", ordered)


async def doubled_manifest(world: World, act: FaultAct) -> bool:
    """Hand in the next manifest's goods once more, under another number and batch: it must be refused."""
    came: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()

    def manifested(entry: Any) -> bool:
        if entry.kind == "papers.manifest/1" and not came.done():
            came.set_result(msgspec.json.decode(entry.body))
        return came.done()

    world.when("platform entry", manifested)
    try:
        paper = await asyncio.wait_for(came, act.span_us / SECOND)
    except TimeoutError:
        return False
    finally:
        world.forget("platform entry", manifested)
    again = {name: value for name, value in paper.items() if name != "version"}
    again |= {"number": f"{paper['number']}9", "batch": f"{paper['batch']}9"}
    await told(world.port.office.submit("manifest", again))
    return True
