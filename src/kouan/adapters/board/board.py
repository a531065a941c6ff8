"""The port as it stands, in memory: told by the driver after each commit, read by every screen.

Nothing is drawn before somebody looks: a change only marks what changed, and a picture is kept until its next change.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from kouan.adapters.board.alarms import BoardAlarms
from kouan.adapters.board.counters import HOUR_US, Ended, midnight
from kouan.adapters.board.overview import BoardSetting, Drawing, Overview, View
from kouan.adapters.board.readers import HEARTBEAT_S, Reader
from kouan.adapters.driver.lane_driver import LaneDriver
from kouan.adapters.driver.setting import Watcher
from kouan.gate.procedures import Authority
from kouan.gate.roles import GateRecords, PassageRecord
from kouan.gate.rulebook import Rulebook
from kouan.gate.states import Final, InReview, decode_state, state_name
from kouan.gate.views import in_order, lane_view, passage_view, review_item, stop_ms_of
from kouan.ledger.roles import Ledger
from kouan.vocabulary.clock import SECOND, Clock, Instant
from kouan.vocabulary.errors import NotFound, Unavailable
from kouan.vocabulary.places import Direction
from kouan.vocabulary.verdict import Reason, Stands, nothing_stands

LINGER_US = 3 * SECOND
"""How long a lane still shows the passage that ended in it. Our choice: long enough for a glance."""

TICK_S = 1.0
"""Seconds between two looks at the ledger, and at what must be drawn anew because time passed."""

MAX_SPANS = 100_000
"""Spans from the last evidence to the order that are kept, in microseconds: for the figures of a run."""

MAX_STARTED = 20
"""Pages of a thousand closed passages read at a start: three times the busiest day on record (3,109 lorries)."""

REVIEW = "review"
OVERVIEW = "overview"


class LiveBoard(Watcher):
    """The Board role, and the driver's Watcher. ``start`` before the driver starts; ``run`` keeps the clock's part."""

    def __init__(
        self, setting: BoardSetting, rulebook: Rulebook, ledger: Ledger, records: GateRecords, clock: Clock
    ) -> None:
        self.alarms = BoardAlarms(clock, lambda: self._mark(OVERVIEW))
        self._setting = setting
        self._rulebook = rulebook
        self._ledger = ledger
        self._records = records
        self._clock = clock
        self._places = {place.lane: place for place in setting.lanes}
        self._drivers: dict[str, LaneDriver] = {}
        self._reviewing: dict[str, bool] = {}
        self._drawn: dict[str, Any] = {}
        self._counted: dict[str, str] = {}
        self._overview = Overview(setting, clock.now(), self.alarms.views)
        self.decision_spans_us: deque[int] = deque(maxlen=MAX_SPANS)
        self._readers: dict[int, Reader] = {}
        self._count = 0

    # -- as the driver tells

    def lane_changed(self, lane: LaneDriver) -> None:
        """A lane or its passage changed, and that is committed."""
        self._drivers[lane.name] = lane
        self._mark(lane.name)
        state = lane.recorded
        reviewing = isinstance(state, InReview)
        if reviewing or self._reviewing.get(lane.name):
            self._mark(REVIEW)
        self._reviewing[lane.name] = reviewing
        if isinstance(state, Final) and self._counted.get(lane.name) != state.dossier.passage:
            self._counted[lane.name] = state.dossier.passage
            self._overview.counters.add(_ended(state))
            self._mark(OVERVIEW)
        self.alarms.lane_changed(lane)

    def alarm(self, lane: str, passage: str, priority: int, reason: Reason) -> None:
        """Something needs attention: shown at once, for as long as it stands or nobody has acknowledged it."""
        self.alarms.call(lane, passage, priority, reason)

    def back(self, code: str, before: Instant | None = None, stands: Stands = nothing_stands) -> None:
        """What alarms of a code were raised for is over, but for those of which ``stands`` says otherwise.

        Those raised from ``before`` on are not concerned: what ``stands`` knows may be older.
        """
        self.alarms.back(code, before, stands)

    def queue(self, direction: Direction, waiting: int) -> None:
        """The queue before the gate was counted."""
        self._overview.queue[Direction(direction)] = waiting
        self._mark(OVERVIEW)

    def source(self, place: str, device: str, online: bool) -> None:
        """A device came or went; the topics that are let in bound how many there can be."""
        self._overview.sources[(place, device)] = online
        self._mark(OVERVIEW)

    def ordered(self, span_us: int) -> None:
        """An order went out, so many microseconds after what it rests on came in."""
        self.decision_spans_us.append(span_us)

    def unparsed(self, topic: str, rule: str) -> None:
        """A message could not be read, and was kept."""
        self._overview.unparsed(topic, rule)
        self._mark(OVERVIEW)

    # -- what screens read

    def overview(self) -> View:
        """Return the counters of the port."""
        drawn: View | None = self._drawn.get(OVERVIEW)
        if drawn is None:
            drawn = self._drawn[OVERVIEW] = self._overview.view(self._clock.now())
        return drawn

    def lanes(self) -> Sequence[View]:
        """Return every lane with its passage, by the port file's order."""
        return [self._lane(place.lane) for place in self._setting.lanes if place.lane in self._drivers]

    def lane(self, lane: str) -> View:
        """Return one lane; raise NotFound."""
        if lane not in self._drivers:
            raise NotFound(f"port {self._setting.port} has no lane {lane}")
        return self._lane(lane)

    def reviews(self, authority: Authority | None = None) -> Sequence[View]:
        """Return the review queue, most urgent first, with what a person of ``authority`` may do."""
        name = f"{REVIEW}:{authority or ''}"
        drawn = self._drawn.get(name)
        if drawn is None:
            drawn = self._drawn[name] = tuple(in_order(self._review_items(authority)))
        return list(drawn)

    async def passage(self, passage: str) -> View:
        """Return one passage, open or closed; raise NotFound."""
        for driver in self._drivers.values():
            state = driver.recorded
            if state is not None and state.dossier.passage == passage:
                return passage_view(state, driver.rulebook, driver.entries)
        record = await self._records.find_passage(passage)
        if record is None:
            raise NotFound(f"there is no passage {passage}")
        entries = await self._records.entries_of(passage)
        return passage_view(decode_state(record.document), self._rulebook, entries, record.visit)

    async def changes(self, authority: Authority | None = None) -> AsyncGenerator[tuple[str, View], None]:
        """Yield everything as it stands, then what changes, the latest of each thing only; ``heartbeat`` every 5 s."""
        reader, number = Reader((OVERVIEW, *self._drivers, REVIEW)), self._count
        self._count += 1
        self._readers[number] = reader
        loop = asyncio.get_running_loop()
        beat_at = loop.time() + HEARTBEAT_S
        try:
            while True:
                for name in await reader.changed(max(beat_at - loop.time(), 0)):
                    yield self._picture(name, authority)
                if loop.time() >= beat_at:
                    beat_at = loop.time() + HEARTBEAT_S
                    yield "heartbeat", {"now": self._clock.now()}
        finally:
            self._readers.pop(number, None)
            reader.close()

    # -- keeping it

    def attend(self, lanes: Sequence[LaneDriver], rules: Drawing | None = None, hub: Drawing | None = None) -> None:
        """Take up the lanes as the driver has them after its start.

        ``rules`` draws which rulebook is in force, ``hub`` the hub of the region where the port has one.
        """
        self._overview.rules, self._overview.hub = rules, hub
        for lane in lanes:
            self.lane_changed(lane)
        self.alarms.attend()

    async def start(self) -> None:
        """Count what the records say of today and of the last hour."""
        now = self._clock.now()
        since = min(midnight(now, self._setting.zone), now - HOUR_US)
        found: list[PassageRecord] = []
        before: Instant | None = None
        for _ in range(MAX_STARTED):
            page = await self._records.list_passages(before=before, limit=1000)
            found += [record for record in page if record.closed_at is not None and record.closed_at >= since]
            if len(page) < 1000 or page[-1].opened_at < since - HOUR_US:
                break
            before = page[-1].opened_at
        for record in sorted(found, key=lambda record: (record.closed_at or 0, record.passage)):
            self._counted[record.lane] = record.passage
            self._overview.counters.add(Ended(record.direction, record.state, record.closed_at or 0, record.stop_ms))
        await self._look_at_ledger()

    async def run(self) -> None:
        """Look at the ledger every ``TICK_S`` seconds, for ever."""
        while True:
            await asyncio.sleep(TICK_S)
            try:
                await self._look_at_ledger()
            except Unavailable:  # the driver notices, and stops what has to be stopped
                continue
            self._mark(OVERVIEW)
            for name, driver in self._drivers.items():
                if self._drawn_passage(name) is not None and _gone(driver, self._clock.now()):
                    self._mark(name)

    async def _look_at_ledger(self) -> None:
        heads = await self._ledger.heads(limit=1)
        self._overview.ledger(await self._ledger.size(), heads[0] if heads else None)

    # -- drawing

    def _picture(self, name: str, authority: Authority | None) -> tuple[str, View]:
        if name == OVERVIEW:
            return OVERVIEW, self.overview()
        if name == REVIEW:
            return REVIEW, {"items": self.reviews(authority)}
        return "lane", self._lane(name)

    def _lane(self, name: str) -> View:
        drawn: View | None = self._drawn.get(name)
        if drawn is None:
            drawn = self._drawn[name] = self._draw_lane(name)
        return drawn

    def _draw_lane(self, name: str) -> View:
        driver, place = self._drivers[name], self._places[name]
        state = None if _gone(driver, self._clock.now()) else driver.recorded
        passage = None if state is None else passage_view(state, driver.rulebook, driver.entries)
        view = lane_view(driver.lane, passage, {"x": place.x, "y": place.y, "heading": place.heading})
        return {**view, "updated_at": self._clock.now()}

    def _drawn_passage(self, name: str) -> View | None:
        drawn = self._drawn.get(name)
        shown: View | None = None if drawn is None else drawn["passage"]
        return shown

    def _review_items(self, authority: Authority | None) -> list[dict[str, Any]]:
        return [
            review_item(driver.recorded, driver.rulebook, authority)
            for driver in self._drivers.values()
            if isinstance(driver.recorded, InReview)
        ]

    def _mark(self, name: str) -> None:
        """Forget the picture, and tell every reader that there is a new one."""
        if name == REVIEW:
            for drawn in [drawn for drawn in self._drawn if drawn.startswith(f"{REVIEW}:")]:
                del self._drawn[drawn]
        else:
            self._drawn.pop(name, None)
        for reader in self._readers.values():
            reader.mark(name)


def _ended(state: Final) -> Ended:
    direction = state.dossier.direction.value
    return Ended(direction, state_name(state), state.closed_at, stop_ms_of(state))


def _gone(driver: LaneDriver, now: Instant) -> bool:
    """Say whether what a lane shows last is over, and the lane free."""
    state = driver.recorded
    return state is None or (isinstance(state, Final) and now - state.closed_at >= LINGER_US)
