"""Holds: none comes too late (I4)."""

from typing import ClassVar

from kouan.proving.invariants.facts import Document, PassageKnown, bare
from kouan.proving.invariants.known import Known
from kouan.proving.observations import Checker, Observation, on
from kouan.vocabulary.clock import SECOND, Instant

_TARGETS = ("plate", "container", "consignment", "declaration")
"""What a control order may be on."""

COMMITS_WITHIN_US = 4 * SECOND
"""How long the commit of a decision that was made before may take on the slowest disk that the nemesis makes."""


class LateHold(Checker):
    """I4."""

    invariant: ClassVar[str] = "I4"
    promise: ClassVar[str] = (
        "once a hold's epoch is durable at the lane no order of a lower one is commanded; a vehicle on which a hold is "
        "in force, by its passage's entries or as an officer was told, is not released but by an exception"
    )
    known: Known

    def __init__(self) -> None:
        super().__init__()
        self._told: dict[str, Instant] = {}

    @on("command")
    def commanded(self, seen: Observation) -> None:
        """An arm is to move."""
        order = self.known.orders.get(seen.body["order_id"])
        if order is None or order.intended_epoch is None:
            return
        if order.body["epoch"] < order.intended_epoch:
            text = f"order {order.order_id} of epoch {order.body['epoch']} opens in epoch {order.intended_epoch}"
            self.violated(seen, text, order=order.order_id)

    @on("acknowledged")
    def told(self, seen: Observation) -> None:
        """An officer was told that his hold is in force."""
        if seen.data["what"] == "hold":
            self._told[seen.data["number"]] = seen.at

    @on("gate.order/1")
    def ordered(self, seen: Observation) -> None:
        """A vehicle is released."""
        passage = self.known.passages.get(seen.data.stream)
        if passage is None or seen.body["order"]["outcome"] != "RELEASE" or passage.excepted("papers.hold"):
            return
        for number, hold in passage.holds.items():
            if number not in passage.lifted and hold["epoch"] <= passage.decided_epoch and _on(hold, passage):
                self.violated(seen, f"{passage.passage} is released under hold {number}", passage=passage.passage)
        for number, hold in self.known.holds.items():
            if number in passage.holds or number in passage.lifted or not _on(hold, passage):
                continue
            told_at = self._told.get(number)
            if told_at is not None and seen.at - told_at > COMMITS_WITHIN_US:
                ago_s = (seen.at - told_at) / SECOND
                text = f"{passage.passage} is released {ago_s:.1f} s after its hold {number} was acknowledged"
                self.violated(seen, text, passage=passage.passage)


def _on(hold: Document, passage: PassageKnown) -> bool:
    if all(hold.get(name) is None for name in _TARGETS):
        return True
    papers = passage.evidence.get("papers", {})
    boxes = (*passage.evidence.get("container", {}).get("numbers", ()), *papers.get("containers", ()))
    goods = papers.get("consignments", ())
    aboard = {
        "container": boxes,
        "consignment": [each["number"] for each in goods],
        "declaration": [each["declaration"] for each in goods],
    }
    on_plate = hold["plate"] is not None and bare(hold["plate"]) in passage.plates
    return on_plate or any(hold.get(name) is not None and hold[name] in found for name, found in aboard.items())
