"""The vehicle: the one that was judged (I3), alone (I5), and in one place (I6)."""

from collections.abc import Mapping
from typing import Any, ClassVar

from kouan.proving.invariants.facts import OrderKnown, PassageKnown, bare
from kouan.proving.invariants.known import Known
from kouan.proving.observations import Checker, Observation, on
from kouan.vocabulary.clock import SECOND, Instant

WEIGHT_SHARE_PM, WEIGHT_KG = 5, 100
"""How far a weight may be from the true mass: the scale's drift and its division, and some. Our choice."""

ARM_SETTLES_US = SECOND
"""How long an arm's last word may be on its way when the next order is judged. Our choice."""

CROSSING_US = 120 * SECOND
"""Least time between two stops of one vehicle in different lanes, as the port promises (I6)."""


class RightVehicle(Checker):
    """I3."""

    invariant: ClassVar[str] = "I3"
    promise: ClassVar[str] = (
        "an arm moves only for the vehicle that truly stood at the line when it was judged; the order names what the "
        "lane's devices read, and what is released was read and weighed of that vehicle"
    )
    known: Known

    @on("gate.order/1")
    def ordered(self, seen: Observation) -> None:
        """An order names a vehicle."""
        order, passage = seen.body["order"], self.known.passages.get(seen.data.stream)
        if passage is None:
            return
        named, read = order["vehicle"], passage.read
        differs = {
            "track": named["track"] != passage.track,
            "axles": named["axles"] != read.get("positioning", {}).get("axles", 0),
            "plate": bare(named["plate"]) != bare(read.get("plates", {}).get("tractor") or ""),
            "seal": named["seal"] != read.get("seal", {}).get("number"),
        }
        wrong = [name for name, differs_ in differs.items() if differs_]
        if wrong:
            text = f"order {order['order_id']} names another {', '.join(wrong)} than the devices read"
            self.violated(seen, text, order=order["order_id"])
        if passage.broken:
            text = f"order {order['order_id']} is for a vehicle whose identity broke"
            self.violated(seen, text, order=order["order_id"])
        if order["outcome"] == "RELEASE":
            self._check_truth(seen, passage)

    @on("actuation")
    def moved(self, seen: Observation) -> None:
        """An arm moves for whoever stands there."""
        order, there = self.known.orders.get(seen.data["order_id"]), seen.data["crossing"]
        if order is not None and order.body["barrier"] == "exit":
            self._check_exit(seen, order)
        if order is None or there is None or order.crossing is None:
            return
        if there != order.crossing:
            text = f"order {order.order_id} was for {order.crossing}, and {there} stood there"
            self.violated(seen, text, order=order.order_id, lane=seen.data["lane"])

    def _check_exit(self, seen: Observation, order: OrderKnown) -> None:
        """An exit of the yard opens for the vehicle that truly stands there, at the stop that the order names."""
        named, there = order.body["vehicle"], (bare(seen.data["plate"] or ""), seen.data["track"])
        if seen.data["plate"] is not None and there != (bare(named["plate"]), named["track"]):
            text = f"order {order.order_id} was for {named['plate']}, and {seen.data['plate']} stood there"
            self.violated(seen, text, order=order.order_id, lane=seen.data["lane"])

    def _check_truth(self, seen: Observation, passage: PassageKnown) -> None:
        truth = self.known.truth.get(self.known.crossing_of(passage) or "")
        if truth is None:
            return
        weighed, plates = passage.evidence.get("weight"), passage.evidence.get("plates", {})
        allowed_kg = truth["gross_kg"] * WEIGHT_SHARE_PM // 1000 + WEIGHT_KG
        if weighed is not None and abs(weighed.get("mass_kg", 0) - truth["gross_kg"]) > allowed_kg:
            text = f"{passage.passage} is released by {weighed.get('mass_kg')} kg and weighs {truth['gross_kg']} kg"
            self.violated(seen, text, passage=passage.passage)
        misread = (passage.lane, passage.track) in self.known.misread
        if not misread and bare(plates.get("tractor") or "") != bare(truth["plate"]):
            text = f"{passage.passage} is released as {plates.get('tractor')} and bears {truth['plate']}"
            self.violated(seen, text, passage=passage.passage)


class OneVehicleAnOpening(Checker):
    """I5."""

    invariant: ClassVar[str] = "I5"
    promise: ClassVar[str] = (
        "after two vehicles in one opening the lane's controller latches durably, and opens for nobody before a "
        "person's reset is durable; no order moves an arm while one is up, or for a vehicle that does not stand alone"
    )
    known: Known

    def __init__(self) -> None:
        super().__init__()
        self._tailgated: dict[str, Instant] = {}

    @on("truth left")
    def left(self, seen: Observation) -> None:
        """Vehicles left in one opening."""
        if seen.data.get("vehicles", 1) > 1:
            self._tailgated[seen.data["lane"]] = seen.at

    @on("nonce ResetTaken")
    def reset(self, seen: Observation) -> None:
        """A person's reset is durable at the lane; one that comes before the latch unlocks nothing."""
        if self.known.lane(seen.data.lane).latch is not None:
            self._tailgated.pop(seen.data.lane, None)

    @on("command")
    def commanded(self, seen: Observation) -> None:
        """An arm is to move."""
        lane = seen.lane
        if lane in self._tailgated:
            ago_s = (seen.at - self._tailgated[lane]) / SECOND
            self.violated(seen, f"lane {lane} opens {ago_s:.1f} s after tailgating without a reset", lane=lane)
        if self.known.lane(lane).latch is not None:
            self.violated(seen, f"lane {lane} opens while its latch is durable", lane=lane)
        for barrier, (position, since) in self.known.lane(lane).arms.items():
            if position in ("opening", "open", "closing") and seen.at - since > ARM_SETTLES_US:
                self.violated(seen, f"lane {lane} opens while the {barrier} arm is {position}", lane=lane)

    @on("gate.order/1")
    def ordered(self, seen: Observation) -> None:
        """A vehicle is released."""
        passage = self.known.passages.get(seen.data.stream)
        if passage is None or seen.body["order"]["outcome"] != "RELEASE":
            return
        if passage.evidence.get("positioning", {}).get("alone") is not True:
            self.violated(seen, f"{passage.passage} is released and does not stand alone", passage=passage.passage)


class OnePlace(Checker):
    """I6."""

    invariant: ClassVar[str] = "I6"
    promise: ClassVar[str] = (
        "no vehicle is released under a plate that stood in another lane before it and still stands there, or left "
        "another lane less than two minutes before, but by an exception"
    )
    known: Known

    def __init__(self) -> None:
        super().__init__()
        self._standing: dict[str, tuple[str, str]] = {}
        self._gone: dict[str, tuple[str, Instant]] = {}
        self._twin: dict[str, str] = {}

    @on("gate.evidence/1")
    def read(self, seen: Observation) -> None:
        """A plate was read: it stands here, unless it stands elsewhere."""
        passage = self.known.passages.get(seen.data.stream)
        evidence: Mapping[str, Any] = seen.body["fact"]["evidence"]
        if passage is None or not seen.body["used"] or evidence["type"] != "plates" or not evidence["tractor"]:
            return
        plate = bare(evidence["tractor"])
        lane, holder = self._standing.setdefault(plate, (passage.lane, passage.passage))
        if holder != passage.passage and lane != passage.lane:
            self._twin[passage.passage] = f"it stands in {lane}"
        gone_from, at = self._gone.get(plate, (passage.lane, 0))
        if gone_from != passage.lane and passage.began - at < CROSSING_US:
            self._twin[passage.passage] = f"it left {gone_from} {(passage.began - at) / SECOND:.0f} s before"

    @on("gate.closed/1")
    def closed(self, seen: Observation) -> None:
        """A vehicle stands there no longer."""
        passage = self.known.passages.get(seen.data.stream)
        if passage is None:
            return
        for plate in [plate for plate, (_, holder) in self._standing.items() if holder == passage.passage]:
            del self._standing[plate]
            self._gone[plate] = (passage.lane, seen.body["at"])

    @on("gate.order/1")
    def ordered(self, seen: Observation) -> None:
        """A vehicle is released."""
        passage = self.known.passages.get(seen.data.stream)
        if passage is None or seen.body["order"]["outcome"] != "RELEASE" or passage.excepted("plates.once"):
            return
        elsewhere = self._twin.get(passage.passage)
        if elsewhere is not None:
            plate = passage.evidence.get("plates", {}).get("tractor")
            self.violated(seen, f"{passage.passage} is released as {plate}: {elsewhere}", passage=passage.passage)
