"""Orders and openings: each once (I1), fresh (I2), recorded (I11), and nothing visible before it is durable."""

from typing import ClassVar

from kouan.proving.invariants.known import Known
from kouan.proving.observations import Checker, Observation, on
from kouan.vocabulary.clock import SECOND

LONGEST_LIFE_US = 5 * SECOND
"""Longest life of an order in microseconds (I2)."""

ON_ITS_WAY_US = SECOND // 4
"""How long a command may be on its way to the broker: what a controller allows itself, and the measure of I10."""

FORGED = "forged"
"""With this begin the numbers of orders that the nemesis forges: they are on the wire and nobody's."""

TO_THE_ARM_US = 3 * SECOND
"""How long a command may be on its way from the broker to the arm in the worst weather that the nemesis makes."""


class OpensOnce(Checker):
    """I1."""

    invariant: ClassVar[str] = "I1"
    promise: ClassVar[str] = (
        "by the field's own record no order moves an arm twice; its intent is durable once and before it is commanded; "
        "after an uncertain opening a person decides before the next order"
    )
    known: Known

    def __init__(self) -> None:
        super().__init__()
        self._opened: dict[str, int] = {}
        self._commanded: dict[str, int] = {}
        self._intended: dict[str, int] = {}
        self._decided: dict[str, int] = {}

    @on("actuation")
    def moved(self, seen: Observation) -> None:
        """The field recorded an opening."""
        order_id = seen.data["order_id"]
        self._opened[order_id] = times = self._opened.get(order_id, 0) + 1
        if times > 1 or seen.data["nth"] != times:
            self.violated(seen, f"order {order_id} moved an arm {times} times", order=order_id, lane=seen.data["lane"])

    @on("nonce Intent")
    def intended(self, seen: Observation) -> None:
        """The controller recorded that it may open."""
        order_id = seen.data.order_id
        self._intended[order_id] = times = self._intended.get(order_id, 0) + 1
        if times > 1:
            self.violated(seen, f"order {order_id} was taken {times} times", order=order_id)

    @on("command")
    def commanded(self, seen: Observation) -> None:
        """The controller commanded a barrier."""
        order_id = seen.body["order_id"]
        if order_id not in self._intended:
            self.violated(seen, f"order {order_id} was commanded before its intent was durable", order=order_id)

    @on("gate.review_decided/1")
    def decided(self, seen: Observation) -> None:
        """A person decided."""
        if seen.body["used"]:
            self._decided[seen.data.stream] = seen.data.seq

    @on("gate.actuation/1")
    def reported(self, seen: Observation) -> None:
        """An opening may or may not have happened: what was decided before counts no more."""
        if seen.body["used"] and seen.body["fact"]["outcome"] == "uncertain":
            self._decided.pop(seen.data.stream, None)

    @on("gate.order/1")
    def ordered(self, seen: Observation) -> None:
        """A further order after an uncertain one needs a person."""
        passage = self.known.passages.get(seen.data.stream)
        if passage is not None and passage.uncertain and seen.data.stream not in self._decided:
            text = f"{seen.data.stream} was ordered again after an uncertain opening, and nobody decided"
            self.violated(seen, text, passage=seen.data.stream)


class FreshOrders(Checker):
    """I2."""

    invariant: ClassVar[str] = "I2"
    promise: ClassVar[str] = (
        "an order lives 5 s at most and never longer than a verdict on which it rests, is not commanded when that long "
        "has truly passed since it became durable, and bears the latest epoch of its passage"
    )
    known: Known

    @on("gate.order/1")
    def ordered(self, seen: Observation) -> None:
        """An order is durable."""
        order, passage = seen.body["order"], self.known.passages.get(seen.data.stream)
        life_us = order["expires_at"] - order["issued_at"]
        if not 0 < life_us <= LONGEST_LIFE_US:
            self.violated(seen, f"order {order['order_id']} lives {life_us} µs", order=order["order_id"])
        if passage is None:
            return
        if order["epoch"] < passage.epoch:
            text = f"order {order['order_id']} bears epoch {order['epoch']}, after {passage.epoch} was recorded"
            self.violated(seen, text, order=order["order_id"])
        decision = passage.decision
        if decision is None or decision["epoch"] != order["epoch"] or decision["outcome"] != order["outcome"]:
            self.violated(seen, f"order {order['order_id']} is not what was decided last", order=order["order_id"])
        if order["outcome"] == "RELEASE":
            soonest = min((each["expires_at"] for each in passage.verdicts.values()), default=order["expires_at"])
            if order["expires_at"] > soonest:
                text = f"order {order['order_id']} outlives a verdict by {order['expires_at'] - soonest} µs"
                self.violated(seen, text, order=order["order_id"])

    @on("command")
    def commanded(self, seen: Observation) -> None:
        """A barrier is commanded."""
        self._late(seen, seen.body["order_id"], ON_ITS_WAY_US)

    @on("actuation")
    def moved(self, seen: Observation) -> None:
        """An arm moves."""
        self._late(seen, seen.data["order_id"], ON_ITS_WAY_US + TO_THE_ARM_US)

    def _late(self, seen: Observation, order_id: str, allowed_us: int) -> None:
        order = self.known.orders.get(order_id)
        if order is None:
            return
        life_us = order.body["expires_at"] - order.body["issued_at"]
        age_us = seen.at - order.durable_at
        if age_us > life_us + allowed_us:
            text = f"{seen.kind} of order {order_id} {age_us / SECOND:.2f} s after it became durable"
            self.violated(seen, text, order=order_id)


class OnlyRecordedOrders(Checker):
    """I11."""

    invariant: ClassVar[str] = "I11"
    promise: ClassVar[str] = (
        "whatever moves an arm is an order of the ledger, with its nonce, lane and barrier, and each nonce serves once"
    )
    known: Known

    def __init__(self) -> None:
        super().__init__()
        self._nonces: dict[str, str] = {}

    @on("command")
    def commanded(self, seen: Observation) -> None:
        """A barrier is commanded."""
        self._check(seen, seen.body, seen.lane)

    @on("actuation")
    def moved(self, seen: Observation) -> None:
        """An arm moves."""
        self._check(seen, seen.data, seen.data["lane"])

    def _check(self, seen: Observation, said: dict[str, str], lane: str) -> None:
        order = self.known.orders.get(said["order_id"])
        if order is None:
            self.violated(seen, f"{said['order_id']} moves an arm and is no order of the ledger", lane=lane)
            return
        where = order.body.get("lane") or self.known.passages[order.passage].lane  # a gate's order is its passage's
        ordered = (order.body["nonce"], order.body["barrier"], where)
        if (said["nonce"], said["barrier"], lane) != ordered:
            self.violated(seen, f"{said['order_id']} opens otherwise than ordered", order=said["order_id"], lane=lane)
        if self._nonces.setdefault(said["nonce"], said["order_id"]) != said["order_id"]:
            self.violated(seen, f"a nonce serves {said['order_id']} and another order", order=said["order_id"])


class DurableFirst(Checker):
    """Durable before visible."""

    invariant: ClassVar[str] = "durable"
    promise: ClassVar[str] = (
        "no order, case file or green light leaves before the entries on which it rests are durable, and whoever was "
        "told that something is recorded finds it in the ledger"
    )
    known: Known

    def __init__(self) -> None:
        super().__init__()
        self._streams: dict[str, set[str]] = {}

    @on(
        "papers.confirmation/1", "papers.manifest/1", "papers.declaration/1", "papers.order_placed/1",
        "papers.order_lifted/1",
    )  # fmt: skip
    def recorded(self, seen: Observation) -> None:
        """Something was recorded of which somebody may be told."""
        self._streams.setdefault(seen.data.stream, set()).add(seen.data.kind)

    @on("gate.review_decided/1", "gate.review_confirmed/1")
    def decided(self, seen: Observation) -> None:
        """A person's decision was recorded."""
        if seen.body["used"]:
            self._streams.setdefault(f"{seen.data.stream} {seen.body['fact']['by']}", set()).add(seen.data.kind)

    @on("acknowledged")
    def acknowledged(self, seen: Observation) -> None:
        """Somebody was told."""
        said = seen.data
        stream, kind = said["number"], _TOLD.get(said["what"])
        if "by" in said and said["what"] in _DECIDED:
            stream, kind = f"{said['number']} {said['by']}", _DECIDED[said["what"]]
        if kind is None:
            return
        if kind not in self._streams.get(stream, ()):
            self.violated(seen, f"{said['what']} {said['number']} was acknowledged and is not recorded", **said)

    @on("order/open")
    def order_sent(self, seen: Observation) -> None:
        """An order is on the wire."""
        order_id = str(seen.body["order_id"]) if seen.body else FORGED
        if order_id not in self.known.orders and not order_id.startswith(FORGED):
            self.violated(seen, "an order is on the wire that is in no ledger", lane=seen.lane)

    @on("customs/case", "border_inspection/case", "site/case")
    def case_sent(self, seen: Observation) -> None:
        """A case file is on the wire."""
        if seen.body is not None and seen.body["case"] not in self.known.passages:
            self.violated(seen, f"the case of {seen.body['case']} went out before its passage was recorded")

    @on("light/command")
    def light_set(self, seen: Observation) -> None:
        """A driver is shown green."""
        if seen.body is None or seen.body["colour"] != "green":
            return
        passage = self.known.latest.get(seen.lane)
        if passage is None or not passage.orders:
            self.violated(seen, f"lane {seen.lane} shows green before an order was recorded", lane=seen.lane)


_TOLD = {
    "confirmation": "papers.confirmation/1",
    "manifest": "papers.manifest/1",
    "declaration": "papers.declaration/1",
    "hold": "papers.order_placed/1",
    "lifting": "papers.order_lifted/1",
}

_DECIDED = {"decision": "gate.review_decided/1", "confirmation": "gate.review_confirmed/1"}
"""The entries of which somebody is told, by what he is told; a person's decision is looked for under his name."""
