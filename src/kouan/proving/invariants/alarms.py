"""Alarms: each is stored, and the gravest are seen at once (I20)."""

import re
from typing import ClassVar

from kouan.proving.invariants.facts import is_alarm
from kouan.proving.invariants.known import Known
from kouan.proving.observations import Checker, Observation, on
from kouan.vocabulary.clock import SECOND, Instant

SHOWN_WITHIN_US = SECOND
"""How soon after it is durable an emergency is shown, in microseconds (I20)."""

STORED_WITHIN_US = 100 * SECOND
"""How soon an alarm is stored, in microseconds: after the longest cut, and a start after it. Our choice."""

RADIATING = re.compile(rb"(?:\A|\n)[GN]A(?:,[0-9]{6}){4}\r?\n")
"""A whole alarm line of a portal: its letters and the counts of four detectors. One that is garbled says nothing of
counts; a measurement with such a line in it is a fault to the gate, which the checkers of radiation look at (I8)."""


class AlarmsKept(Checker):
    """I20."""

    invariant: ClassVar[str] = "I20"
    promise: ClassVar[str] = (
        "each tailgating, each radiation alarm and each device that failed, once the broker has taken its message, is "
        "in the ledger; an emergency is shown within a second of its entry, unless the platform dies in it"
    )
    known: Known

    def __init__(self) -> None:
        super().__init__()
        self._crossed: dict[tuple[str, int], Instant] = {}
        self._radiating: dict[str, Instant] = {}
        self._unshown: dict[str, tuple[str, Instant]] = {}
        self._states: dict[tuple[str, str], tuple[str, Instant]] = {}
        self._recorded: dict[tuple[str, str], str] = {}

    # ---- what devices said

    @on("plc/event")
    def plc(self, seen: Observation) -> None:
        """Vehicles crossed."""
        said = seen.body
        if isinstance(said, dict) and said.get("type") == "CrossingSeen" and said["vehicles"] > 1:
            self._crossed.setdefault((seen.lane, said["track"]), seen.at)

    @on("radiation_portal/lines")
    def portal(self, seen: Observation) -> None:
        """A portal counted."""
        if RADIATING.search(seen.data[1]):
            self._radiating.setdefault(seen.lane, seen.at)

    @on(*(f"{device}/status" for device in (
        "plc", "barrier", "plate_camera", "container_camera", "seal_reader", "weighbridge", "radiation_portal",
        "driver_terminal", "health_kiosk", "disinfection",
    )))  # fmt: skip
    def status(self, seen: Observation) -> None:
        """A device came, went or told of its faults."""
        said, device = seen.body, seen.name.partition("/")[0]
        if isinstance(said, dict) and "online" in said:
            code = "offline" if not said["online"] else next(iter(said["faults"]), "")
            if self._states.get((seen.lane, device), ("", 0))[0] != code:
                self._states[(seen.lane, device)] = (code, seen.at)

    # ---- what is recorded

    @on("gate.departed/1")
    def departed(self, seen: Observation) -> None:
        """A crossing is in the ledger."""
        fact, passage = seen.body["fact"], self.known.passages.get(seen.data.stream)
        if fact["vehicles"] <= 1 or passage is None:
            return
        self._crossed.pop((passage.lane, fact["track"]), None)
        self._unshown[passage.lane] = ("order.tailgating", seen.at)

    @on("gate.evidence/1")
    def measured(self, seen: Observation) -> None:
        """A measurement is in the ledger."""
        passage = self.known.passages.get(seen.data.stream)
        if passage is not None and is_alarm(seen.body["fact"]["evidence"]):
            self._radiating.pop(passage.lane, None)

    @on("gate.device_fault/1")
    def failed(self, seen: Observation) -> None:
        """A failure, or its end, is in the ledger."""
        fact = seen.body["fact"]
        self._recorded[(seen.body["lane"], fact["device"])] = fact.get("cause", "")

    # ---- what is shown

    @on("alarm")
    def shown(self, seen: Observation) -> None:
        """An alarm reached whoever watches."""
        wanted = self._unshown.get(seen.data["lane"])
        if wanted is None or seen.data["code"] != wanted[0] or seen.data["priority"] != 1:
            return
        del self._unshown[seen.data["lane"]]
        if seen.at - wanted[1] > SHOWN_WITHIN_US:
            late_s = (seen.at - wanted[1]) / SECOND
            self.violated(seen, f"{wanted[0]} in {seen.data['lane']} was shown {late_s:.1f} s late")

    @on("crash", "failed")
    def died(self, seen: Observation) -> None:
        """A dead platform shows nothing."""
        if seen.node == "platform":
            self._unshown.clear()

    @on("end")
    def ended(self, seen: Observation) -> None:
        """Nothing may be missing now."""
        latest = seen.at - STORED_WITHIN_US
        for (lane, track), at in self._crossed.items():
            if at < latest:
                self.violated(seen, f"tailgating in {lane} on track {track} is not in the ledger", lane=lane)
        for lane, at in self._radiating.items():
            if at < latest:
                ago_s = (seen.at - at) / SECOND
                self.violated(seen, f"a radiation alarm in {lane} {ago_s:.0f} s ago is not in the ledger", lane=lane)
        for lane, (code, at) in self._unshown.items():
            if at < seen.at - SHOWN_WITHIN_US:
                self.violated(seen, f"{code} in {lane} was never shown", lane=lane)
        for (lane, device), (code, at) in self._states.items():
            if at < latest and self._recorded.get((lane, device), "") != code:
                self.violated(seen, f"{lane}'s {device} is {code or 'well'}, and the ledger says otherwise", lane=lane)
