"""A whole port and its field in one process: three nodes that can crash, and the world between them."""

import asyncio
import functools
from collections.abc import Callable, Mapping
from random import Random
from typing import TYPE_CHECKING

import msgspec

from kouan.adapters.driver.setting import Watcher
from kouan.adapters.lane_controller.memory_log import Medium
from kouan.adapters.memory.keys import MemoryKey
from kouan.adapters.memory.link import MemoryLink
from kouan.adapters.mqtt.link import Will
from kouan.gate.procedures import Authority
from kouan.protocols.jws import PrivateKeySigner
from kouan.protocols.signed import agency_key, lane_controller_key, platform_key
from kouan.simulator.connections import (
    Links,
    agency_subscriptions,
    exit_subscriptions,
    lane_subscriptions,
    last_will,
)
from kouan.simulator.field import Counterparts, Field, Stamps
from kouan.simulator.port_file import FieldPort
from kouan.simulator.scenario import Scenario
from kouan.vocabulary.clock import Clock
from kouan.wiring.keys import ledger_key
from kouan.wiring.port_file import PortFile
from kouan.wiring.region_gate import OpenBulletins
from kouan.wiring.twin.cable import Cable
from kouan.wiring.twin.clocks import SkewedClock
from kouan.wiring.twin.controller import Controller
from kouan.wiring.twin.life import mortal_tasks
from kouan.wiring.twin.people import Desk, Office
from kouan.wiring.twin.platform import Platform
from kouan.wiring.twin.watched import Tell, WatchedBroker, WatchedDisk, WatchedLog

if TYPE_CHECKING:  # a twin without a yard needs nothing of what a yard is made of
    from kouan.wiring.twin.yard import YardInProcess


def seeded_signer(key_id: str, chance: Random) -> PrivateKeySigner:
    """Return a signer whose key follows from a seed; for simulations only."""
    return PrivateKeySigner(key_id, MemoryKey(chance.randbytes(32)))


class Clocks(msgspec.Struct, frozen=True):
    """The clock of each part; records of what truly happened bear the true time."""

    platform: SkewedClock
    controller: SkewedClock
    devices: SkewedClock
    agencies: SkewedClock

    def all(self) -> tuple[SkewedClock, ...]:
        """Return every clock."""
        return (self.platform, self.controller, self.devices, self.agencies)


class SimulatedPort:
    """One port on the running loop. Make it, ``start`` it, and ``finish`` it, whatever happened."""

    def __init__(
        self,
        port: PortFile,
        field_port: FieldPort,
        scenario: Scenario,
        seed: int,
        clock: Clock,
        tell: Tell,
        *,
        watcher: Watcher | None = None,
        people: bool = True,
        forgiving: bool = False,
        bulletins: OpenBulletins | None = None,
        yard: "YardInProcess | None" = None,
    ) -> None:
        """``forgiving`` starts a process again that ended by itself; else what it ended with is raised by ``check``.

        ``tell`` is told of entries, actuations, truths, commands, reports, nonces, crashes and starts as they happen.
        ``bulletins`` are what the hub of the region says to the port; None where it has no hub. ``yard`` is the
        supervised yard to which loaded lorries go on; without one they are home once they are through.
        """
        mortal_tasks(asyncio.get_running_loop())
        chance = Random(f"twin/{seed}")
        self.name = port.name
        self.lanes = tuple(lane.name for lane in port.lanes)
        self.exits = tuple(each.name for each in port.yard.exits) if yard is not None else ()
        self.clock = clock
        self.tell = tell
        self.clocks = Clocks(*(SkewedClock(clock) for _ in Clocks.__struct_fields__))
        self.broker = WatchedBroker(Random(chance.getrandbits(64)), tell)
        self.disk = WatchedDisk(tell)
        self.truth, self.actuations = WatchedLog("truth", tell), WatchedLog("actuation", tell)
        entropy = Random(chance.getrandbits(64))
        self.signer = seeded_signer(platform_key(port.name), entropy)
        self.head_signer = seeded_signer(ledger_key(port.name), entropy)
        controller = seeded_signer(lane_controller_key(port.name), entropy)
        agencies = {name.value: seeded_signer(agency_key(name.value, port.name), entropy) for name in Authority}
        self.keys = {one.key_id: one.public_key for one in (controller, *agencies.values())}
        self.platform = Platform(
            port, self.disk, self.broker, self.clocks.platform, entropy, self.signer, self.head_signer, self.keys,
            watcher or Watcher(), tell=tell, forgiving=forgiving, bulletins=bulletins,
            yard=None if yard is None else yard.open,
        )  # fmt: skip
        self.controller = Controller(
            port.name, (*self.lanes, *self.exits), Medium(), self.broker, self.clocks.controller, controller,
            {self.signer.key_id: self.signer.public_key}, Random(chance.getrandbits(64)),
            tell=tell, forgiving=forgiving,
        )  # fmt: skip
        self.office, self.desk = Office(self.platform, tell), Desk(self.platform, tell)
        self.cables = self._cables()
        self.field = self._field(field_port, scenario, seed, agencies, yard, people=people)
        self._keeping: list[asyncio.Task[None]] = []

    def _field(
        self, port: FieldPort, scenario: Scenario, seed: int, agencies: Mapping[str, PrivateKeySigner],
        yard: "YardInProcess | None", *, people: bool,
    ) -> Field:  # fmt: skip
        """Return the simulated field, which knows of the port its cables and counters; ``agencies`` sign for theirs."""
        return Field(
            port,
            scenario,
            Links(
                {name: self.cables[f"field-{name}"] for name in self.lanes},
                dict.fromkeys(agencies, self.cables["field-agencies"]),
                self.cables["field-approach"],
                self.cables.get("field-yard"),
            ),
            Counterparts(
                papers=self.office,
                truth=self.truth,
                actuations=self.actuations,
                signers=agencies,
                desk=self.desk if people else None,
                lots=None if yard is None else yard.lots(self.platform),
                yard=None if yard is None else yard.office(self.platform),
            ),
            self.clock,
            asyncio.sleep,
            seed,
            start_open=True,
            stamps=Stamps(self.clocks.devices, self.clocks.agencies),
        )

    async def start(self) -> None:
        """Start platform and lane controller, and start them again whenever they die."""
        for node in (self.platform, self.controller):
            await node.start()
            self._keeping.append(asyncio.create_task(node.keep(), name=f"keep-{node.name}"))

    def check(self) -> None:
        """Raise what a part failed with that is not to be started again."""
        for task in self._keeping:
            if task.done():
                task.result()

    async def run(self, stopped: Callable[[], bool], every_s: float = 5.0) -> None:
        """Let the field live until ``stopped`` says so; raise what a part failed with."""

        def over() -> bool:
            self.check()
            return stopped()

        await self.field.run(over, every_s=every_s)

    def finish(self) -> None:
        """End everything; nothing has any effect from here on."""
        for task in self._keeping:
            task.cancel()
        for node in (self.platform, self.controller):
            node.finish()
        self.broker.close()

    def _cables(self) -> dict[str, Cable]:
        cables = {f"field-{lane}": Cable(functools.partial(self._lane_link, lane)) for lane in self.lanes}
        agencies = agency_subscriptions(self.name)
        cables["field-agencies"] = Cable(
            functools.partial(self.broker.device_link, "field-agencies", subscriptions=agencies)
        )
        cables["field-approach"] = Cable(functools.partial(self.broker.device_link, "field-approach"))
        if self.exits:
            exits = exit_subscriptions(self.name, self.exits)
            cables["field-yard"] = Cable(functools.partial(self.broker.device_link, "field-yard", subscriptions=exits))
        return cables

    def _lane_link(self, lane: str) -> MemoryLink:
        gone = last_will(self.name, lane, self.clocks.devices.now())
        subscriptions = lane_subscriptions(self.name, lane)
        return self.broker.device_link(f"field-{lane}", subscriptions=subscriptions, will=Will(*gone))
