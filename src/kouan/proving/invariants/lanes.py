"""Lanes and their controllers: clocks (I10), lost networks (I13), lost power (I15)."""

from collections import deque
from typing import ClassVar

from kouan.proving.invariants.facts import Document
from kouan.proving.invariants.known import Known
from kouan.proving.observations import Checker, Observation, on
from kouan.vocabulary.clock import SECOND, Instant

MOST_UNCERTAIN_US = 250_000
"""Uncertainty in microseconds above which no order is acted upon (I10)."""

READ_WITHIN_US = 5_000
"""Between a durable intent and the instant that the controller notes of its command. Our choice: no time passes between
them in a simulation."""

ANSWERS_KEPT = 6
"""Answers to polls among which the one is that a controller's clock rests on: one a second, and after five seconds
without any it opens for nobody."""

LONGEST_SILENCE_US = 5 * SECOND
"""How long a lane may not hear its platform and still open, in microseconds: as long as the longest order lives."""

ON_THE_WAY_US = 3 * SECOND
"""How long an answer may be on its way in the worst weather that the nemesis makes."""

SOON_US = SECOND // 5
"""How long it may be on its way in no bad weather."""

SLOW = ("delay", "reordering")
"""Faults by which messages are late."""

SETTLES_US = 2 * SECOND
"""How long a controller that was started again opens for nobody (I15), in microseconds."""


class CertainClock(Checker):
    """I10."""

    invariant: ClassVar[str] = "I10"
    promise: ClassVar[str] = (
        "an order is acted upon only where the controller's clock is uncertain by 250 ms at most, and the platform's "
        "time that it reckons with is as near to the one that it was told as it says"
    )
    known: Known

    def __init__(self) -> None:
        super().__init__()
        self._ahead: deque[int] = deque(maxlen=ANSWERS_KEPT)

    @on("order/poll_answer")
    def answered(self, seen: Observation) -> None:
        """The platform told its time."""
        shows = self.known.platform_time
        if shows is not None:
            self._ahead.append(shows - seen.at)

    @on("nonce Outcome")
    def opened(self, seen: Observation) -> None:
        """The controller noted when it opened by the platform's time, and how sure it is of that."""
        record = seen.data
        if record.outcome != "actuated":
            return
        if record.uncertainty_us > MOST_UNCERTAIN_US:
            text = f"order {record.order_id} opened with a clock uncertain by {record.uncertainty_us} µs"
            self.violated(seen, text, order=record.order_id, lane=record.lane)
        order = self.known.orders.get(record.order_id)
        commanded_at = seen.at if order is None else order.intended_at
        errors = [abs(record.at - (commanded_at + ahead)) for ahead in self._ahead]
        if errors and min(errors) > record.uncertainty_us + READ_WITHIN_US:
            text = f"order {record.order_id} opened by a time that is wrong by {min(errors)} µs"
            self.violated(seen, text, order=record.order_id, said_us=record.uncertainty_us)


class SilentNetwork(Checker):
    """I13."""

    invariant: ClassVar[str] = "I13"
    promise: ClassVar[str] = (
        "a lane that did not hear its platform for 5 s opens for nobody; a port that did not hear its hub for longer "
        "than its rulebook allows releases only what was authorised beforehand, unexpired and of low risk"
    )
    known: Known

    def __init__(self) -> None:
        super().__init__()
        self._heard_at: Instant | None = None
        self._slow_until: Instant = 0

    @on("fault")
    def slowed(self, seen: Observation) -> None:
        """Something goes wrong; some of it makes messages late."""
        if str(seen.data.kind) in SLOW:
            self._slow_until = max(self._slow_until, seen.at + seen.data.span_us + ON_THE_WAY_US)

    @on("order/poll_answer")
    def answered(self, seen: Observation) -> None:
        """The platform spoke to the lanes."""
        self._heard_at = seen.at

    @on("command")
    def commanded(self, seen: Observation) -> None:
        """An arm is to move."""
        silence_us = None if self._heard_at is None else seen.at - self._heard_at
        late_us = ON_THE_WAY_US if seen.at < self._slow_until else SOON_US
        if silence_us is None or silence_us > LONGEST_SILENCE_US + late_us:
            said = "ever" if silence_us is None else f"for {silence_us / SECOND:.1f} s"
            self.violated(seen, f"lane {seen.lane} opens though no platform was heard {said}", lane=seen.lane)

    @on("gate.order/1")
    def ordered(self, seen: Observation) -> None:
        """A vehicle is released."""
        passage, order = self.known.passages.get(seen.data.stream), seen.body["order"]
        papers = None if passage is None else passage.evidence.get("papers")
        rule = next((rule for rule in self.known.rules.values() if rule["check"] == "hub_heard_lately"), None)
        if passage is None or papers is None or rule is None or order["outcome"] != "RELEASE":
            return
        age_us = papers.get("hub_age_us")
        if age_us is None or age_us <= rule["params"]["max_age_s"] * SECOND or passage.excepted(rule["name"]):
            return
        if not _let_pass_beforehand(papers, order["issued_at"], rule["params"]["serve"]):
            text = f"{passage.passage} is released {age_us / SECOND:.0f} s after the hub was heard last"
            self.violated(seen, text, passage=passage.passage)


def _let_pass_beforehand(papers: Document, at: Instant, serve: str) -> bool:
    begun = papers["permit_from"] is None or papers["permit_from"] <= at
    lasts = papers["permit_until"] is None or at < papers["permit_until"]
    return bool(serve == "pre_authorised" and papers["pre_authorised"] and papers["low_risk"] and begun and lasts)


class PowerLost(Checker):
    """I15."""

    invariant: ClassVar[str] = "I15"
    promise: ClassVar[str] = (
        "a controller that was started again opens nothing for 2 s, nor before it settled what it had begun; no order "
        "moves an arm whose position is unknown"
    )
    known: Known

    def __init__(self) -> None:
        super().__init__()
        self._begun: dict[str, list[str]] = {}

    @on("command")
    def commanded(self, seen: Observation) -> None:
        """An arm is to move."""
        started_at = self.known.up.get("controller")
        if started_at is not None and seen.at - started_at < SETTLES_US:
            text = f"lane {seen.lane} opens {(seen.at - started_at) / SECOND:.2f} s after its controller started"
            self.violated(seen, text, lane=seen.lane)
        for barrier, (position, _) in self.known.lane(seen.lane).arms.items():
            if position == "unknown":
                self.violated(seen, f"lane {seen.lane} opens while its {barrier} arm is unknown", lane=seen.lane)

    @on("nonce Intent")
    def intended(self, seen: Observation) -> None:
        """The controller begins with an order."""
        begun = self._begun.setdefault(seen.data.lane, [])
        for order_id in begun:
            text = f"lane {seen.data.lane} takes {seen.data.order_id} before {order_id} was settled"
            self.violated(seen, text, lane=seen.data.lane)
        begun.append(seen.data.order_id)

    @on("nonce Outcome")
    def settled(self, seen: Observation) -> None:
        """The controller is done with an order."""
        begun = self._begun.get(seen.data.lane, [])
        if seen.data.order_id in begun:
            begun.remove(seen.data.order_id)
