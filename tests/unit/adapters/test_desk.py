"""A person's act while the platform stops: whoever asked is told that it is not recorded, and is not cut off."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from kouan.access.people import Agency, Principal, Role
from kouan.adapters.driver.desk import PortDesk
from kouan.gate.lanes import Lane, LaneStopped, step_lane
from kouan.proving.virtual_loop import VirtualClock, VirtualLoop, run
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.errors import Unavailable
from kouan.vocabulary.places import Direction
from kouan.vocabulary.verdict import Reason

START = 1_795_132_800 * SECOND
OFFICER = Principal("site-1", "Site 1", Agency.SITE, (Role.DUTY_OFFICER,))


class Port:
    """A port's driver whose recordings never end by themselves."""

    def __init__(self) -> None:
        self.failure = None
        self.recording: asyncio.Task[bool] = asyncio.ensure_future(asyncio.Event().wait())
        self.setting = SimpleNamespace(port="ganqimaodu")
        self.roles = SimpleNamespace(region=None, ledger=None, signer=None, records=None)
        self.watcher = SimpleNamespace(lane_changed=lambda _: None)
        self.keeper = SimpleNamespace(feed=self.step)
        self.runner = SimpleNamespace(feed=lambda _: (SimpleNamespace(events=()), self.recording))
        self.lane_ = Lane("I1", Direction.IN, stopped=Reason("order.tailgating", {"vehicles": 2}))

    def lane(self, name: str) -> Any:
        assert name == "I1"
        return SimpleNamespace(keeper=self.keeper, lane=self.lane_)

    def lane_of(self, passage: str) -> Any:
        assert passage == "p"
        return SimpleNamespace(runner=self.runner)

    def step(self, fact: LaneStopped) -> Any:
        return step_lane(self.lane_, fact, START), self.recording


class Records:
    async def count_exceptions(self, by: str, since: int) -> int:
        return 0


@pytest.mark.parametrize("act", ["open_lane", "decide"])
def test_an_act_whose_recording_is_given_up_is_answered_as_not_recorded(act: str) -> None:
    loop = VirtualLoop(START)

    async def ask() -> None:
        port: Any = Port()
        records: Any = Records()
        desk = PortDesk(port, records, records, VirtualClock(loop), lambda: "n")
        acts = {
            "open_lane": lambda: desk.open_lane("I1", OFFICER, "Looked at; the lane is free"),
            "decide": lambda: desk.decide("p", OFFICER, "divert", "Yard", corrections={}, stepped_up=True),
        }
        asking = asyncio.ensure_future(acts[act]())
        await asyncio.sleep(1)
        assert not asking.done()
        port.recording.cancel()
        with pytest.raises(Unavailable):
            await asking

    run(ask(), loop)
