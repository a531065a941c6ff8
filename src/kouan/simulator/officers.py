"""Duty officers of the demonstration: they take what has waited, and decide by what the review item shows."""

from collections.abc import Mapping
from typing import Any

from kouan.simulator.roles import Document, OfficerDesk, Sleep
from kouan.vocabulary.clock import SECOND, Clock
from kouan.vocabulary.errors import KouanError

LOOKS_EVERY_S = 2.0
"""How often the desk is looked at, in seconds of the wall clock. Our choice."""

LOOKS_AT_LANE_S = 30.0
"""How long an officer is on his way to a lane in which somebody tailgated, in the field's seconds. Our choice."""

ATTEMPTS = 10
"""How often an officer tries to open it again. Our choice."""

_MISREAD = ("plates.near", "trailer.near")
"""Reasons under which the declared plate differs from the one read by look-alikes only: a picture settles it."""


def what_to_do(item: Mapping[str, Any]) -> Document | None:
    """Return the decision for one review item, None where there is nothing that this officer may do.

    A plate that differs from the declared one by look-alikes is corrected from the picture, if nothing else was found;
    everything else goes to the inspection yard, and what may not, back.
    """
    allowed = item.get("allowed", ())
    reasons = [finding["reason"] for finding in item.get("findings", ())]
    corrections = {
        ("plate" if reason["code"].startswith("plates") else "trailer"): reason["params"]["declared"]
        for reason in reasons
        if reason["code"] in _MISREAD
    }
    doubts = {reason["code"] for reason in reasons} - {*_MISREAD, "plates.unsure", "plates.unknown_form"}
    if "correct" in allowed and corrections and not doubts:
        return {"action": "correct", "reason": "Read from the pictures", "corrections": corrections}
    if "divert" in allowed:
        return {"action": "divert", "reason": "To be examined in the inspection yard"}
    if "refuse" in allowed:
        return {"action": "refuse", "reason": "May not pass; examined at the lane"}
    return None


class DutyOfficers:
    """Looks at the desk again and again; an officer never decides the same item twice in the same way."""

    def __init__(self, desk: OfficerDesk, clock: Clock, sleep: Sleep, waits_s: float, speed: float) -> None:
        """``waits_s`` is in the field's seconds, of which ``speed`` pass in one of the wall clock."""
        self.decided = 0
        self.confirmed = 0
        self.reopened = 0
        self._desk = desk
        self._clock = clock
        self._sleep = sleep
        self._waits_us = round(waits_s * SECOND / speed)
        self._pause_s = LOOKS_EVERY_S * speed

    async def run(self) -> None:
        """Work for ever."""
        while True:
            await self._sleep(self._pause_s)
            try:
                await self._round()
            except KouanError:
                continue  # the desk cannot be reached, or somebody else was quicker: look again

    async def after_tailgating(self, lane: str) -> None:
        """Go to a lane in which somebody tailgated, look, and take it into service again."""
        await self._sleep(LOOKS_AT_LANE_S)
        for _ in range(ATTEMPTS):
            try:
                if await self._desk.open_lane(lane, "Looked at after tailgating; the lane is free"):
                    self.reopened += 1
                    return
            except KouanError:
                pass  # the desk cannot be reached: try again as after a refusal
            await self._sleep(self._pause_s)

    async def _round(self) -> None:
        for item in await self._desk.reviews():
            if self._clock.now() - int(item["opened_at"]) >= self._waits_us:
                await self._settle(item)

    async def _settle(self, item: Document) -> None:
        if item.get("first"):
            self.confirmed += await self._desk.confirm(str(item["passage"]), "Seen and agreed")
            return
        decision = what_to_do(item)
        if decision is not None:
            self.decided += await self._desk.decide(str(item["passage"]), decision)
