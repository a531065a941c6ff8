"""A yard's exit lane in virtual time: platform and lane controller that can die anywhere, over a broker that outlives
them, and the lane's devices on the wire.
"""

import asyncio
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any

import msgspec
from tests.unit.simulator.field_kit import START
from tests.unit.yard.yard_kit import DOMESTIC, LOT, Papers, Releases

from kouan.adapters.driver.courier import Courier
from kouan.adapters.driver.messenger import Messenger
from kouan.adapters.driver.setting import Roles, Watcher
from kouan.adapters.driver.yard import YardDriver
from kouan.adapters.driver.yard_exits import YardExits
from kouan.adapters.lane_controller.memory_log import Medium
from kouan.adapters.memory.yard import MemoryYardRecords
from kouan.journeys.yard_arrivals import subject_of
from kouan.journeys.yard_desk import YardDesk, open_yard
from kouan.journeys.yard_visits import Delivery, Done
from kouan.protocols.barrier.messages import Barrier
from kouan.protocols.signed import lane_controller_key, platform_key
from kouan.proving.invariants import watch_all
from kouan.proving.virtual_loop import VirtualClock, VirtualLoop, run
from kouan.simulator.connections import exit_subscriptions
from kouan.simulator.crew import Crew
from kouan.simulator.devices.yard_exit import YardExit
from kouan.simulator.people import Person, make_person, td3
from kouan.simulator.scenario import load_scenario
from kouan.simulator.vehicles import Rig
from kouan.simulator.wire import Outbox, Voice
from kouan.vocabulary.clock import Clock
from kouan.wiring.messages import renderer
from kouan.wiring.port_file import load
from kouan.wiring.twin.controller import Controller
from kouan.wiring.twin.life import Life, mortal_tasks
from kouan.wiring.twin.platform import Platform
from kouan.wiring.twin.port import seeded_signer
from kouan.wiring.twin.watched import WatchedBroker, WatchedDisk, WatchedLog
from kouan.yard.events import CallPerson, Command
from kouan.yard.pickups import Wanted
from kouan.yard.roles import Released
from kouan.yard.states import VisitState, decode_state
from kouan.yard.tickets import Ticket

PORT = load("ganqimaodu")
EXIT = "X1"
VISIT = "yard-o1"
TAKES_KG = 30_000
RIG = Rig(
    identity="R1", nationality="CHN", plate=DOMESTIC, trailer=None, axles=6, length_mm=16_000, tare_kg=15_000
)  # fmt: skip


class YardPlatform(Platform):
    """The platform of a port whose yard has exit lanes."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.releases, self.told = Releases(Released(500_000)), list[CallPerson]()
        self.yard_desk: YardDesk

    def _roles(self, papers: Any, records: Any, bulletins: Any) -> Roles:
        roles, port, clock, ledger = super()._roles(papers, records, bulletins), self._port, self.clock, self.ledger
        messenger = Messenger(port.name, Courier(self._link, clock), clock, self._signer, renderer())
        names, chance = [each.name for each in port.yard.exits], self._entropy.randbytes
        exits = YardExits(port.name, names, messenger, self._signer, chance, ledger, records, clock)
        self.yard_desk = open_yard(
            port.yard, MemoryYardRecords(self._disk, port.name), ledger, self.releases, Papers(), clock, chance,
            START * 2, self._carry_out, None, exits.sign, exits,
        )  # fmt: skip
        self.subjects = roles.subjects
        self.yard_driver = YardDriver(self.yard_desk, roles.subjects, clock, self.told.append, exits=exits)
        return msgspec.structs.replace(roles, yard=self.yard_driver)

    def _carry_out(self, command: Command) -> None:
        self.yard_driver.carry_out(command)

    async def _begin(self, life: Life) -> None:
        await super()._begin(life)
        life.spawn(self._run(self.yard_driver.run()), "yard")


class ExitPort:
    """A port with one exit lane at work; ``heard`` is told of everything that happens in it, as it happens."""

    def __init__(self, clock: Clock, heard: Callable[[str, str, Any], None]) -> None:
        mortal_tasks(asyncio.get_running_loop())
        chance = Random(11)
        self.clock, self.crew, self.chance = clock, Crew(), chance
        tell = self._tell
        self.heard, self.entries = heard, list[Any]()
        self.broker, self.disk = WatchedBroker(Random(3), tell), WatchedDisk(tell)
        self.actuations, self.truth = WatchedLog("actuation", tell), WatchedLog("truth", tell)
        signer, controller = (
            seeded_signer(name, chance) for name in (platform_key(PORT.name), lane_controller_key(PORT.name))
        )
        self.platform = YardPlatform(
            PORT, self.disk, self.broker, clock, chance, signer, seeded_signer("ledger", chance),
            {controller.key_id: controller.public_key}, Watcher(), tell=tell,
        )  # fmt: skip
        self.controller = Controller(
            PORT.name, (EXIT,), Medium(), self.broker, clock, controller, {signer.key_id: signer.public_key},
            Random(5), tell=tell,
        )  # fmt: skip
        self.link = self.broker.device_link("yard", subscriptions=exit_subscriptions(PORT.name, [EXIT]))
        outbox, scenario = Outbox(self.link, asyncio.sleep), load_scenario("calm")

        def voice(device: str) -> Voice:
            return Voice(outbox, PORT.name, EXIT, device, clock, Random(9), scenario.episodes)

        self.exit = YardExit(
            EXIT, voice, lambda: Random(7), asyncio.sleep, self.crew.spawn, clock, self.truth, self.actuations,
            scenario.timings.barrier_travel, 1.0,
        )  # fmt: skip
        self.driver: Person = make_person(Random(2), "CHN", clock.now())
        self._outbox = outbox
        self._keeping: list[asyncio.Task[None]] = []

    @property
    def desk(self) -> YardDesk:
        """The yard's desk in the present life of the platform."""
        return self.platform.yard_desk

    async def begin(self) -> "ExitPort":
        """Start everything, and bring a laden domestic lorry to where it may leave."""
        for node in (self.platform, self.controller):
            await node.start()
            self._keeping.append(asyncio.create_task(node.keep()))
        self.crew.spawn(self._outbox.run())
        self.crew.spawn(self._listen())
        self.exit.boot()
        await asyncio.sleep(10)
        await self._laden()
        return self

    async def end(self) -> None:
        """End everything."""
        for task in self._keeping:
            if task.done():
                task.result()
            task.cancel()
        self.platform.finish()
        self.controller.finish()
        await self.crew.dismiss()
        self.broker.close()

    async def leave(self, rig: Rig = RIG, occupants: int = 1) -> bool:
        """Let the lorry drive to the exit; say whether it drove out."""
        return await self.exit.leave(rig, self.driver, occupants)

    async def state(self, visit: str = VISIT) -> VisitState:
        """Return where a visit stands on the disk."""
        record = await MemoryYardRecords(self.disk, PORT.name).find_visit(visit)
        assert record is not None
        return decode_state(record.document)

    async def stands(self, visit: str = VISIT) -> str:
        """Return the name of a visit's state."""
        return type(await self.state(visit)).__name__

    @property
    def commands(self) -> list[str]:
        """The orders under which the barrier was commanded, by its own record."""
        return [str(line["order_id"]) for line in self.actuations.lines]

    @property
    def calls(self) -> list[str]:
        """Why people were called."""
        return [each.reason.code for each in self.platform.told]

    @property
    def kinds(self) -> list[str]:
        """The kinds of the yard's entries, in their order."""
        return [str(each.kind) for each in self.entries if each.kind.startswith("yard.") and each.stream == VISIT]

    async def until(self, kind: type[VisitState]) -> None:
        """Wait until the visit stands in a state."""
        while not isinstance(await self.state(), kind):  # noqa: ASYNC110 - virtual time, and nobody to be told by
            await asyncio.sleep(0.05)

    async def balanced(self) -> None:
        """Check that mass in = mass out + stock + stated loss, and that what left is what left the book."""
        balance = await self.desk.goods.balance("coal")
        assert balance.findings == (), balance.findings
        lot = await self.desk.records.find_lot(LOT)
        assert lot is not None
        gone = await self.desk.records.find_net(VISIT)
        out = await self.stands() in ("Leaving", "Left")
        assert (lot.out_kg, lot.taken_kg) == (TAKES_KG if out else 0, 0 if gone is None else TAKES_KG)
        assert (gone is not None) == (await self.stands() == "Left")

    def _tell(self, node: str, kind: str, data: Any) -> None:
        if kind == "entry":
            self.entries.append(data)
        self.heard(node, kind, data)

    async def _listen(self) -> None:
        async for received in self.link.receive():
            self.exit.command(received.topic.split("/")[3], received.payload)
            await self.link.settle(received)

    async def _laden(self) -> None:
        desk, now = self.desk, self.clock.now()
        visits = desk.visits
        await desk.scales.zero_checked("W1", now)
        await visits.deliver(
            Delivery("p1", "coal", "蒙B00001", "C", LOT, "2701121000", "炼焦煤", 10**6, 1, ("bat",), "g")
        )
        await self._weighed("yard-p1", "蒙B00001", 95_000, 15_000)
        await visits.leave("yard-p1", 1, ("bat",))
        await desk.goods.order(Wanted("o1", LOT, DOMESTIC, "C", TAKES_KG, now, now + 10**12), "li")
        subject = await subject_of(self.platform.subjects, td3(self.driver))
        await visits.admit("o1", DOMESTIC, "C", 1, (subject,))
        await self._weighed(VISIT, DOMESTIC, 15_000, 15_000 + TAKES_KG)
        assert await self.stands() == "Ready"

    async def _weighed(self, visit: str, plate: str, first_kg: int, second_kg: int) -> None:
        visits, now = self.desk.visits, self.clock.now()
        await visits.weigh(visit, Ticket(f"{visit}-1", "W1", plate, first_kg, now))
        await visits.begin_handling(visit, "coal/A/1/1", "wang")
        await visits.tally(visit, "wang", 800)
        assert isinstance(await visits.weigh(visit, Ticket(f"{visit}-2", "W1", plate, second_kg, now)), Done)


def live(
    story: Callable[[ExitPort], Coroutine[Any, Any, None]],
    heard: Callable[[str, str, Any], None] = lambda *_: None,
    chance: Random | None = None,
    *,
    broken: tuple[str, ...] = (),
) -> None:
    """Tell a story of one port in virtual time; what must always hold is checked as it goes, and at its end.

    ``broken`` names the invariants that the story breaks on purpose.
    """
    loop = VirtualLoop(START, chance)
    clock = VirtualClock(loop)
    watch, _ = watch_all()
    observe = watch.teller(clock)

    def tell(node: str, kind: str, data: Any) -> None:
        observe(node, kind, data)
        heard(node, kind, data)

    async def lived() -> None:
        port = await ExitPort(clock, tell).begin()
        try:
            await story(port)
            port.crew.check()
            await port.balanced()
            assert len(port.commands) == len(set(port.commands)), "no order moved the arm twice"
            assert all(line["barrier"] == Barrier.EXIT for line in port.actuations.lines)
            assert {each.invariant for each in watch.violations} == set(broken), watch.violations
            for line in () if broken else port.actuations.lines:
                assert line["plate"] in (None, DOMESTIC), "the arm moved for nobody but the lorry that was let out"
        finally:
            await port.end()

    run(lived(), loop)
