"""The whole simulated field: lanes, traffic, traders, agencies and officers around one port, on links that are given.

Time, chance, links and logs come from outside, so the same field runs live over MQTT and HTTP and on a virtual clock
with links in memory.
"""

from collections.abc import Callable
from random import Random

from kouan.protocols.barrier.messages import Barrier
from kouan.protocols.link import Link
from kouan.protocols.queue_counter.messages import QueueCounted
from kouan.simulator.agencies import Agency
from kouan.simulator.approach import Approach
from kouan.simulator.connections import Links
from kouan.simulator.counterparts import Counterparts, Stamps, Summary
from kouan.simulator.crew import Crew
from kouan.simulator.devices.barrier import BarrierController
from kouan.simulator.devices.yard import make_devices
from kouan.simulator.devices.yard_exit import make_exits
from kouan.simulator.equipment import SENSORS, Equipment
from kouan.simulator.fleet import Fleet
from kouan.simulator.inspectors import Inspectors
from kouan.simulator.laboratory import Laboratory
from kouan.simulator.lane import Lane
from kouan.simulator.officers import DutyOfficers
from kouan.simulator.photography import Photographer
from kouan.simulator.port_file import FieldPort
from kouan.simulator.roles import InspectionDesk, Sleep
from kouan.simulator.scenario import Scenario
from kouan.simulator.surroundings import Left, Surroundings
from kouan.simulator.traders import Traders
from kouan.simulator.traffic import Traffic
from kouan.simulator.truth import Diary
from kouan.simulator.vehicles import Load
from kouan.simulator.wire import Outbox, Voice
from kouan.simulator.yard import Yard
from kouan.vocabulary.clock import Clock
from kouan.vocabulary.places import Direction

__all__ = ["Counterparts", "Field", "Stamps", "Summary", "run_field"]

FIRST_AFTER_S = 0.5
"""Seconds between the first lorries of two neighbouring lanes after a start with open lanes. Our choice."""


class Field:
    """One port's field, ready to run."""

    def __init__(
        self, port: FieldPort, scenario: Scenario, links: Links, others: Counterparts, clock: Clock, sleep: Sleep,
        seed: int, *, speed: float = 1.0, start_open: bool = False, stamps: Stamps | None = None,
    ) -> None:  # fmt: skip
        """``sleep`` waits for spans of the field's time, of which ``speed`` seconds pass in one of the wall clock."""
        self._port = port
        self._scenario = scenario
        self._links = links
        self._others = others
        self._clock = clock
        self._stamps = stamps or Stamps(clock, clock)
        self._sleep = sleep
        self._random = Random(f"{port.name}/{scenario.name}/{seed}")
        self._speed = speed
        self._start_open = start_open
        self._crew = Crew()
        self._outboxes: list[tuple[Link, Outbox]] = []
        self._traders = Traders(others.papers, self._chance(), sleep)
        desk = others.desk if scenario.people.officers else None
        self._fleet = Fleet(
            self._chance(), clock, scenario, port.simulation.cargo, port.simulation.customs_office,
            holds_possible=desk is not None,
        )  # fmt: skip
        ahead = scenario.people.announced_ahead
        self._approaches = {
            direction: Approach(direction, self._traders, desk, clock, sleep, len(port.lanes_of(direction)) + ahead)
            for direction in Direction
        }
        self._officers = (
            DutyOfficers(desk, clock, sleep, scenario.people.officer_waits_s, speed) if desk is not None else None
        )
        images = others.images if scenario.pictures else None
        self._photographer = Photographer(images, sleep, self._crew.spawn, clock, port.simulation.utc_offset_minutes)
        self._traffic = Traffic(
            port, scenario.traffic, self._fleet, self._approaches, clock, sleep, self._crew.spawn, self._chance(), speed
        )
        self.lanes = self._make_lanes()
        self.agencies = self._make_agencies()
        self._inspectors, self._laboratory = self._make_inspectors(others.inspection)
        self._yard = self._make_yard()
        self._counter = self._voice("approach", "queue_counter", self._outbox(links.approach))

    def _chance(self) -> Random:
        return Random(self._random.getrandbits(64))

    def _outbox(self, link: Link) -> Outbox:
        """Return a new outbox on a link: each place has its own, so that none waits for another's messages."""
        made = Outbox(link, self._sleep)
        self._outboxes.append((link, made))
        return made

    def _voice(self, place: str, device: str, outbox: Outbox) -> Voice:
        return Voice(
            outbox, self._port.name, place, device, self._stamps.devices, self._chance(), self._scenario.episodes
        )

    def _make_inspectors(self, desk: InspectionDesk | None) -> tuple[Inspectors | None, Laboratory | None]:
        setting = self._scenario.inspection
        if desk is None or not setting.inspectors:
            return None, None
        given = (desk, setting, self._clock, self._sleep)
        inspectors = Inspectors(*given, self._chance(), self._speed, self._onward)
        return inspectors, Laboratory(*given, self._chance(), self._speed)

    def _left(self, left: Left) -> None:
        """Let a lorry go its way; one that was sent to be examined, once it was."""
        if self._inspectors is not None and left.exit == Barrier.DIVERT:
            self._inspectors.expect(left)
        else:
            self._onward(left)

    def _onward(self, left: Left) -> None:
        """Let a lorry that brings goods drive to the yard, and any other home."""
        brings = left.lorry.direction is Direction.IN and left.lorry.load is Load.LOADED and left.exit != "withdrew"
        if self._yard is not None and brings:
            self._yard.expect(left)
        else:
            self._traffic.left(left)

    def _make_yard(self) -> Yard | None:
        """Return the yard's people and their devices; None where the port has none, or nobody to talk to."""
        desk, lots, link = self._others.yard, self._others.inspection or self._others.lots, self._links.yard
        life, yard = self._scenario.yard, self._port.yard
        if desk is None or lots is None or link is None or not life.people or not yard.gates:
            return None
        outbox, spawn = self._outbox(link), self._crew.spawn

        def voice(place: str, device: str) -> Voice:
            return self._voice(place, device, outbox)

        devices = make_devices(yard, voice, self._chance, self._sleep, spawn, life.drift_pm, self._speed)
        logs, travel = (self._others.truth, self._others.actuations), self._scenario.timings.barrier_travel
        exits = make_exits(yard, voice, self._chance, self._sleep, spawn, self._clock, logs, travel, self._speed)
        return Yard(
            desk, lots, self._others.papers, yard, life, *devices, self._clock, self._sleep,
            spawn, self._chance(), self._speed, self._traffic.home, exits,
        )  # fmt: skip

    def _make_lanes(self) -> dict[str, Lane]:
        around = Surroundings(
            clock=self._clock,
            sleep=self._sleep,
            spawn=self._crew.spawn,
            scenario=self._scenario,
            fleet=self._fleet,
            traders=self._traders,
            diary=Diary(self._others.truth),
            left=self._left,
            tailgated=self._tailgated,
            speed=self._speed,
        )
        tracks = self._others.truth.last_tracks()
        lanes = {}
        for setting in self._port.lanes:
            lane = Lane(setting.name, setting.direction, self._approaches, around, self._chance())
            lane.equipment = Equipment(
                self._port.name, setting.name, self._outbox(self._links.lanes[setting.name]), self._chance(),
                self._scenario, self._clock, self._sleep, self._crew.spawn, self._photographer,
                self._others.actuations, tracks.get(setting.name, 0), lane.opened, lane.told_back,
                self._stamps.devices,
            )  # fmt: skip
            lanes[setting.name] = lane
        return lanes

    def _tailgated(self, lane: str) -> None:
        if self._officers is not None:
            self._crew.spawn(self._officers.after_tailgating(lane))

    def _make_agencies(self) -> dict[str, Agency]:
        links = self._links.agencies
        outboxes = {number: self._outbox(link) for number, link in {id(link): link for link in links.values()}.items()}
        return {
            name: Agency(
                name, self._port.name, signer, outboxes[id(links[name])], self._stamps.agencies, self._sleep,
                self._crew.spawn, self._chance(), self._scenario.timings.agency_thinks,
            )
            for name, signer in self._others.signers.items()
        }  # fmt: skip

    async def run(
        self, stopped: Callable[[], bool], tell: Callable[[Summary], None] | None = None, every_s: float = 5.0
    ) -> None:
        """Run until ``stopped`` says so, asked every ``every_s`` seconds; raise what a part failed with.

        ``tell`` is told a summary as often.
        """
        try:
            self._begin()
            while not stopped():
                await self._sleep(every_s)
                self._crew.check()
                if tell is not None:
                    tell(self.summary())
        finally:
            await self._crew.dismiss()
        self._crew.check()

    def summary(self) -> Summary:
        """Return how the field fares now."""
        lanes = list(self.lanes.values())
        return Summary(
            at=self._clock.now(),
            stopped=sum(lane.stopped for lane in lanes),
            gone=sum(lane.gone for lane in lanes),
            waiting_in=self._approaches[Direction.IN].waiting,
            waiting_out=self._approaches[Direction.OUT].waiting,
            papers_accepted=self._traders.accepted,
            papers_rejected=self._traders.rejected,
            verdicts=sum(agency.answered for agency in self.agencies.values()),
            double_openings=sum(each.double_openings for each in self._barriers()),
            messages_sent=sum(outbox.sent for _, outbox in self._outboxes),
            telemetry_dropped=sum(outbox.dropped for _, outbox in self._outboxes),
        )

    def _barriers(self) -> list[BarrierController]:
        exits = () if self._yard is None else self._yard.exits.values()
        return [*(lane.equipment.barriers for lane in self.lanes.values()), *(each.barrier for each in exits)]

    def _begin(self) -> None:
        spawn = self._crew.spawn
        heard: list[Link] = []
        for link, outbox in self._outboxes:
            spawn(outbox.run())
            if not any(link is other for other in heard):
                heard.append(link)
                spawn(self._listen(link))
        if self._start_open:
            self._traffic.open_queues()
        for approach in self._approaches.values():
            spawn(approach.run())
        for place, lane in enumerate(self.lanes.values()):
            spawn(lane.serve(place * FIRST_AFTER_S if self._start_open else None))
            if self._scenario.episodes.device_mtbf_s > 0:
                spawn(self._fail_and_recover(lane, self._chance()))
        for work in (self._beat(), self._count()):
            spawn(work)
        for people in (self._officers, self._inspectors, self._laboratory, self._yard):
            if people is not None:
                spawn(people.run())
        self._traffic.begin(self._port.opens_s if self._start_open else None)

    async def _listen(self, link: Link) -> None:
        async for received in link.receive():
            levels = received.topic.split("/")
            if len(levels) == 5 and levels[2] in self.lanes:
                self.lanes[levels[2]].equipment.command(levels[3], received.payload)
            elif len(levels) == 5 and self._yard is not None and levels[2] in self._yard.exits:
                self._yard.exits[levels[2]].command(levels[3], received.payload)
            elif len(levels) == 5 and levels[2] == "agency" and levels[3] in self.agencies:
                self.agencies[levels[3]].take(received.payload)
            await link.settle(received)

    async def _beat(self) -> None:
        self._counter.status()
        while True:
            await self._sleep(self._scenario.wire.heartbeat_s * self._speed)
            for lane in self.lanes.values():
                lane.equipment.report()
            for voice in () if self._yard is None else self._yard.voices:
                voice.status()
            self._counter.status()

    async def _count(self) -> None:
        while True:
            for direction, approach in self._approaches.items():
                self._counter.tell(QueueCounted, direction=direction, waiting=approach.waiting)
            await self._sleep(self._scenario.wire.queue_counted_s * self._speed)

    async def _fail_and_recover(self, lane: Lane, random: Random) -> None:
        episodes = self._scenario.episodes
        diary = Diary(self._others.truth)
        while True:
            await self._sleep(random.expovariate(1 / episodes.device_mtbf_s))
            voice = lane.equipment.voices[random.choice(SENSORS)]
            offline = random.random() < 0.5
            voice.break_down("no_power" if offline else "sensor_fault", online=not offline)
            diary.note("fault", lane.name, self._clock.now(), device=voice.device)
            await self._sleep(random.uniform(*episodes.device_repair_s))
            voice.recover()
            diary.note("repaired", lane.name, self._clock.now(), device=voice.device)


async def run_field(
    port: FieldPort, scenario: Scenario, links: Links, others: Counterparts, clock: Clock, sleep: Sleep, seed: int,
    stopped: Callable[[], bool], tell: Callable[[Summary], None], *, speed: float = 1.0, start_open: bool = False,
) -> Summary:  # fmt: skip
    """Run a port's field until ``stopped``, and return how it fared at the end."""
    field = Field(port, scenario, links, others, clock, sleep, seed, speed=speed, start_open=start_open)
    await field.run(stopped, tell)
    return field.summary()
