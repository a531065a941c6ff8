"""Drives a port: every message and every person's act to the lane that it concerns."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime

from kouan.adapters.driver.courier import Courier
from kouan.adapters.driver.lane_driver import LaneDriver
from kouan.adapters.driver.messenger import Messenger
from kouan.adapters.driver.port_intake import PortIntake
from kouan.adapters.driver.rules import Dated, Rules
from kouan.adapters.driver.setting import Roles, Setting, Watcher
from kouan.adapters.driver.settlement import Settlement
from kouan.gate.policy import LanePolicy
from kouan.gate.states import Cleared, decode_state
from kouan.ledger.entries import canonical
from kouan.ledger.roles import Draft, Unit
from kouan.vocabulary.clock import SECOND, Instant
from kouan.vocabulary.errors import KouanError, NotFound

_log = logging.getLogger(__name__)


class PortDriver:
    """The one driver of a port; ``run`` reads the link until it is closed or the ledger fails."""

    def __init__(self, setting: Setting, policy: LanePolicy, roles: Roles, watcher: Watcher) -> None:
        self.setting = setting
        self.rules = Rules(policy)
        self.roles = roles
        self.watcher = watcher
        self.settlement = Settlement(roles.link)
        self.courier = Courier(roles.link, roles.clock)
        self.messenger = Messenger(setting.port, self.courier, roles.clock, roles.signer, roles.render)
        self.failure: KouanError | None = None
        self.epochs: dict[str, int] = {}
        self.standing: dict[str, tuple[str, str]] = {}  # by plate: the lane and passage in which it stands now
        self._failed: asyncio.Future[None] | None = None
        self.intake = PortIntake(self)
        self.lanes: dict[str, LaneDriver] = {lane.name: LaneDriver(self, lane) for lane in setting.lanes}

    async def start(self) -> None:
        """Record the policy, and take up every passage that an earlier process left open, and each lane's last one."""
        self._failed = asyncio.get_running_loop().create_future()
        await self._record_policy(self.policy)
        self.epochs = dict(await self.roles.records.lane_epochs())
        kept = {record.lane: record.document for record in await self.roles.records.lanes()}
        seen: set[str] = set()
        for name, lane in self.lanes.items():
            lane.restore(kept.get(name))
        last: dict[str, str] = {}
        for record in reversed(await self.roles.records.list_passages(limit=STOPS_KNOWN)):
            if record.lane in self.lanes:
                self.lanes[record.lane].intake.remember(decode_state(record.document).dossier)
                last[record.lane] = record.passage
        for record in await self.roles.records.open_passages():
            if record.lane in self.lanes:
                seen.update(await self.lanes[record.lane].recover(record.passage))
                last.pop(record.lane, None)
        for name, passage in last.items():
            seen.update(await self.lanes[name].remember(passage))
        await self.intake.remember(seen)
        for record in await self.roles.records.list_passages(state="cleared", limit=RELEASES_AGAIN):
            state = decode_state(record.document)
            if isinstance(state, Cleared):
                await self.roles.crossings.cleared(state)

    @property
    def policy(self) -> LanePolicy:
        """The policy under which a passage begins now."""
        return self.policy_at(self.roles.clock.now())

    def policy_at(self, at: Instant) -> LanePolicy:
        """Return the policy under which a passage begins at an instant."""
        return self.rules.in_force(at).policy

    async def follow_rules(self, coming: Sequence[Dated]) -> None:
        """Let passages that begin from now on begin under these policies, each from its instant on, once recorded."""
        for dated in coming:
            await self._record_policy(dated.policy)
        self.rules.take(coming)

    async def _record_policy(self, policy: LanePolicy) -> None:
        draft = Draft("gate.policy/1", policy.digest, f"policy:{policy.digest}", canonical(policy))
        await self.roles.ledger.append(Unit((draft,)))

    async def run(self) -> None:
        """Take in messages; raise what made the ledger fail, if it did."""
        if self._failed is None:
            raise KouanError("start the driver before it runs")
        reading = asyncio.get_running_loop().create_task(self._read(), name="driver-intake")
        reading.add_done_callback(lambda _: self._stop_waiting())
        try:
            await self._failed
        finally:
            reading.cancel()
            self.close()
        if self.failure is not None:
            raise self.failure
        if reading.done() and not reading.cancelled() and reading.exception() is not None:
            raise KouanError(f"the intake failed: {reading.exception()!r}") from reading.exception()

    def close(self) -> None:
        """Stop every timer, sending and waiting."""
        for lane in self.lanes.values():
            lane.close()
        self.courier.close()

    def fail(self, error: KouanError) -> None:
        """Stop: a unit could not be recorded, so nothing in memory may be believed any more."""
        if self.failure is None:
            self.failure = error
            _log.error("the driver stops: %s", error)
        self._stop_waiting()

    def lane(self, name: str) -> LaneDriver:
        """Return a lane's driver; raise NotFound."""
        found = self.lanes.get(name)
        if found is None:
            raise NotFound(f"port {self.setting.port} has no lane {name}")
        return found

    def lane_of(self, passage: str) -> LaneDriver:
        """Return the lane in which a passage is open; raise NotFound."""
        named = self.lanes.get(passage.removeprefix(f"{self.setting.port}-").rsplit("-", 2)[0])
        for lane in self.lanes.values() if named is None else (named,):
            state = lane.runner.open
            if state is not None and state.dossier.passage == passage:
                return lane
        raise NotFound(f"no open passage {passage}")

    def passage_name(self, lane: str, track: int, at: Instant) -> str:
        """Return the id of a passage: its lane, when it began (UTC) and its track."""
        began = datetime.fromtimestamp(at / SECOND, UTC).strftime("%Y%m%dT%H%M%S")
        return f"{self.setting.port}-{lane}-{began}-{track}"

    def nonce(self) -> str:
        """Return 128 fresh random bits in hex."""
        return self.roles.chance(16).hex()

    async def _read(self) -> None:
        async for received in self.roles.link.receive():
            self.intake.take(received)

    def _stop_waiting(self) -> None:
        if self._failed is not None and not self._failed.done():
            self._failed.set_result(None)


RELEASES_AGAIN = 50
"""Releases that are followed up again at a start. Our choice: more than a port's lanes can have had under way."""

STOPS_KNOWN = 500
"""Passages among which the last stop of each lane is looked for at a start. Our choice: a busy port's half hour."""
