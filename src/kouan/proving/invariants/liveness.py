"""Liveness, apart from safety: once all is well again, every vehicle gets its end (I21)."""

from typing import ClassVar

from kouan.proving.invariants.known import Known
from kouan.proving.observations import Checker, Observation, on
from kouan.vocabulary.clock import SECOND, Instant

SETTLED_US = 15 * SECOND
"""How long after the end of all faults a vehicle that stops is served like any other. Our choice: processes that were
dead are started by then, and lanes that were closed are looked at."""

SERVED_WITHIN_US = 80 * SECOND
"""How long a vehicle stands at most, in microseconds: the slowest procedure, its verdict, an officer. Our choice."""


class EverybodyServed(Checker):
    """I21."""

    invariant: ClassVar[str] = "I21"
    promise: ClassVar[str] = (
        "15 s after the last fault ended, whoever stops at a line drives out, or is turned back by a person, within "
        "80 s; a passage ends when its vehicle has gone; no lane stays out of service"
    )
    known: Known

    def __init__(self) -> None:
        super().__init__()
        self._tracks: dict[tuple[str, int], int] = {}

    @on("truth stopped")
    def stopped(self, seen: Observation) -> None:
        """A vehicle stands at a line."""
        name = (seen.data["lane"], seen.data["track"])
        self._tracks[name] = self._tracks.get(name, 0) + 1

    @on("truth left")
    def left(self, seen: Observation) -> None:
        """A vehicle drove off: out, or back out of the lane."""
        line, truth = seen.data, self.known.truth.get(seen.data["crossing"])
        if truth is None or line["exit"] != "withdrew" or not self._counts(truth["at_stop_at"]):
            return
        if seen.at - truth["at_stop_at"] < SERVED_WITHIN_US or self._tracks[(line["lane"], line["track"])] > 1:
            return
        text = f"the vehicle on track {line['track']} of {line['lane']} gave up waiting"
        self.violated(seen, text, lane=line["lane"], crossing=line["crossing"])

    @on("end")
    def ended(self, seen: Observation) -> None:
        """Nobody may be left standing now."""
        for name, lane in self.known.lanes.items():
            truth = lane.stopped
            if truth is None or not self._counts(truth["at_stop_at"]):
                continue
            if self._tracks[(name, truth["track"])] == 1 and seen.at - truth["at_stop_at"] > SERVED_WITHIN_US:
                stands_s = (seen.at - truth["at_stop_at"]) / SECOND
                self.violated(seen, f"a vehicle has stood in {name} for {stands_s:.0f} s", lane=name)
        for node in ("platform", "controller"):
            if self.known.port is not None and node not in self.known.up:
                self.violated(seen, f"the {node} did not come back", node=node)
        self._lanes(seen)

    def _lanes(self, seen: Observation) -> None:
        for name, passage in self.known.open.items():
            truth = self.known.lane(name).stopped
            if truth is None and self._counts(passage.opened_at) and seen.at - passage.opened_at > 2 * SERVED_WITHIN_US:
                self.violated(seen, f"{passage.passage} is still open, and its vehicle has gone", lane=name)
            elif truth is not None and truth["track"] > passage.track and seen.at - truth["at_stop_at"] > SETTLED_US:
                self.violated(seen, f"{passage.passage} is still open, and another vehicle stands there", lane=name)

    def _counts(self, at: Instant) -> bool:
        heals_at = self.known.heals_at
        return heals_at is not None and at > heals_at + SETTLED_US
