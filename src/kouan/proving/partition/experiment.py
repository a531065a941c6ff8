"""The experiment: three real edges and a hub, a network that is cut, and what must hold once it is whole again."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from kouan.adapters.clock import SystemClock
from kouan.proving.partition.cuts import Kind, Trouble, draw
from kouan.proving.partition.hosts import LOOK_EVERY_S, Host, wait_until
from kouan.proving.partition.network import Network
from kouan.proving.partition.region import Region
from kouan.vocabulary.clock import SECOND, Instant
from kouan.vocabulary.errors import Unavailable

RECONCILED_WITHIN_S = 90.0
"""How long the hub may take to have everything, before the run counts as failed. Our choice: the goal is 60 s."""

STALE_AFTER_S = 25
"""The ports' ``offline.max_age_s`` here: above the hub's own interval of 20 s, so that a whole link is never stale."""

SLACK_S = 5.0
"""What a decision may lie behind the age that it rests on. Our choice: a passage's papers are seconds old."""


class Cut(msgspec.Struct):
    """One cut of an edge as it went: how far the hub was behind at its end, and when it had everything."""

    host: str
    way: str
    began_at: Instant
    healed_at: Instant
    taken_meanwhile: int
    behind: int
    reconciled_s: float | None = None


class Figures(msgspec.Struct, kw_only=True):
    """What a run found; it holds where ``failures`` is empty."""

    seed: int
    edges: int
    entries: int = 0
    passages: int = 0
    cuts: list[Cut] = []
    flaps: int = 0
    kills: int = 0
    lost: int = 0
    counted_wrong: int = 0
    released_offline: int = 0
    released_against_policy: int = 0
    reconciled_after_last_s: float | None = None
    failures: list[str] = []


class _Under:
    """An edge that is cut now."""

    def __init__(self, trouble: Trouble, at: Instant, taken: int) -> None:
        self.trouble = trouble
        self.at = at
        self.taken = taken


class Experiment:
    """One run on a region that is open."""

    def __init__(self, region: Region, seed: int, tell: Callable[[str], None]) -> None:
        self._region = region
        self._tell = tell
        self._clock = SystemClock()
        self._began = self._clock.monotonic()
        self._waiting: list[tuple[Cut, int]] = []
        self._windows: list[tuple[str, Instant, Instant]] = []
        self.figures = Figures(seed=seed, edges=len(region.edges))

    def run(self, cut_s: float, flap_s: float) -> Figures:
        """Let all troubles come, and compare what the hub has with what the edges have."""
        troubles = draw(tuple(edge.name for edge in self._region.edges), self.figures.seed, cut_s, flap_s)
        self._began = self._clock.monotonic()
        for at_s, act in sorted(self._acts(troubles), key=lambda each: each[0]):
            self._until(at_s)
            act()
        self._settle()
        self._compare()
        self._judge()
        return self.figures

    # -- troubles

    def _acts(self, troubles: tuple[Trouble, ...]) -> list[tuple[float, Callable[[], None]]]:
        """Return what is to be done, and when in seconds from the beginning."""
        acts: list[tuple[float, Callable[[], None]]] = []
        for trouble in troubles:
            host = self._region.host(trouble.host)
            end_s = trouble.at_s + trouble.span_s
            match trouble.kind:
                case Kind.CUT:
                    acts += self._cut(trouble, host, end_s)
                case Kind.FLAP:
                    acts += [(trouble.at_s + at, self._turn(host, way)) for at, way in trouble.turns]
                    acts.append((end_s, self._turn(host, None)))
                    self.figures.flaps += len(trouble.turns)
                case Kind.KILL:
                    acts += [(trouble.at_s, self._kill(host)), (end_s, self._start(host))]
        return acts

    def _cut(self, trouble: Trouble, host: Host, end_s: float) -> list[tuple[float, Callable[[], None]]]:
        under: list[_Under] = []

        def begin() -> None:
            self._tell(f"{host.name}: cut ({trouble.way})")
            self._region.network.cut(host.name, trouble.way)
            under.append(_Under(trouble, self._clock.now(), self._taken(host.name)))

        def end() -> None:
            size, taken = int(host.ask("size", host.name)["size"]), self._taken(host.name)
            now, before = self._clock.now(), under[0]
            self._region.network.heal(host.name)
            cut = Cut(host.name, trouble.way, before.at, now, taken - before.taken, size - taken)
            self._tell(f"{host.name}: healed, the hub is {cut.behind} entries behind")
            self.figures.cuts.append(cut)
            self._waiting.append((cut, size))
            self._windows.append((host.name, before.at + round((STALE_AFTER_S + SLACK_S) * SECOND), now))

        return [(trouble.at_s, begin), (end_s, end)]

    def _turn(self, host: Host, way: Any) -> Callable[[], None]:
        def act() -> None:
            self._region.network.heal(host.name)
            if way is not None:
                self._region.network.cut(host.name, way)

        return act

    def _kill(self, host: Host) -> Callable[[], None]:
        def act() -> None:
            self._tell(f"{host.name}: killed")
            host.kill()
            self.figures.kills += 1

        return act

    def _start(self, host: Host) -> Callable[[], None]:
        def act() -> None:
            host.start()
            self._tell(f"{host.name}: open again")

        return act

    # -- waiting

    def _now_s(self) -> float:
        return (self._clock.monotonic() - self._began) / SECOND

    def _until(self, at_s: float) -> None:
        """Wait, and note which cuts are reconciled meanwhile."""
        while self._now_s() < at_s:
            self._look()
            time.sleep(min(LOOK_EVERY_S, max(0.0, at_s - self._now_s())))

    def _look(self) -> None:
        for cut, size in self._waiting:
            if cut.reconciled_s is None and self._taken(cut.host) >= size:
                cut.reconciled_s = (self._clock.now() - cut.healed_at) / SECOND
                self._tell(f"{cut.host}: the hub has all that came before the end of the cut, {cut.reconciled_s:.1f} s")
        self._waiting = [each for each in self._waiting if each[0].reconciled_s is None]

    def _taken(self, port: str) -> int:
        return int(self._region.hub.ask("standing", port)["taken"])

    def _settle(self) -> None:
        """Wait until the hub has what every edge had at the end of all troubles."""
        sizes = {edge.name: int(edge.ask("size", edge.name)["size"]) for edge in self._region.edges}
        began = self._clock.monotonic()

        def has_all() -> bool:
            self._look()
            return not self._waiting and all(self._taken(port) >= size for port, size in sizes.items())

        try:
            wait_until(self._clock, has_all, "the hub has everything", RECONCILED_WITHIN_S)
            self.figures.reconciled_after_last_s = (self._clock.monotonic() - began) / SECOND
        except Unavailable as error:
            self.figures.failures.append(str(error))

    # -- judging

    def _compare(self) -> None:
        """Compare what the hub took with what each edge recorded: entries byte for byte, passages by count."""
        hub, figures = self._region.hub, self.figures
        for edge in self._region.edges:
            port = edge.name
            taken = hub.ask("taken", port)
            recorded = edge.ask("recorded", port, taken["count"])
            figures.entries += taken["count"]
            if taken != recorded:
                figures.lost += 1
                figures.failures.append(f"{port}: the hub's copy of {taken['count']} entries is another one")
            if edge.ask("recorded", port, taken["count"] - 1) == taken:
                figures.failures.append(f"{port}: the comparison does not notice a missing entry")
            self._count(hub, edge)
            if hub.ask("standing", port)["suspended"]:
                figures.failures.append(f"{port}: the hub suspended it")

    def _count(self, hub: Host, edge: Host) -> None:
        # Counts and copy move together in one transaction, but are read in two: read both until they belong together.
        before, counted = self._taken(edge.name), hub.ask("counted", edge.name)
        while self._taken(edge.name) != before:
            before, counted = self._taken(edge.name), hub.ask("counted", edge.name)
        ended = edge.ask("closed", edge.name, before)
        flow = [ended.get("cleared", 0), ended.get("diverted", 0), ended.get("refused", 0)]
        self.figures.passages += sum(ended.values())
        if counted != {"flow": flow, "ended": ended}:
            self.figures.counted_wrong += 1
            self.figures.failures.append(f"{edge.name}: the hub counted {counted}, the edge {ended}")

    def _judge(self) -> None:
        figures = self.figures
        for cut in figures.cuts:
            if cut.behind <= 0:
                figures.failures.append(f"{cut.host}: the hub fell behind by nothing, so the cut was none (control)")
        for port, since, until in self._windows:
            for at, plate, excepted in self._region.host(port).ask("releases", port)["releases"]:
                if not since <= at <= until:
                    continue
                figures.released_offline += 1
                if not excepted and plate not in self._region.permitted:
                    figures.released_against_policy += 1
                    figures.failures.append(f"{port}: {plate} was released while the hub's word was too old")
        if not figures.released_offline:
            figures.failures.append("no lane served anybody while its hub was gone, though policy allows some")


def experiment(
    folder: Path, seed: int, cut_s: float, flap_s: float, speed: float, tell: Callable[[str], None]
) -> Figures:
    """Open a region in ``folder``, run the experiment, and close it; raise Unavailable where it does not open."""
    with Network(("hub", *Region.PORTS)) as network, Region(network, folder, speed, STALE_AFTER_S) as region:
        tell("the region opens")
        region.open()
        tell("vehicles are pre-authorised")
        region.permit()
        return Experiment(region, seed, tell).run(cut_s, flap_s)
