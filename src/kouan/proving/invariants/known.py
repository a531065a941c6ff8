"""What checkers must know of the past: orders, passages and lanes, from entries, messages and the field's own record.

Nothing here is asked of the platform's code: entries and messages are read as anybody could read them.
"""

from kouan.proving.invariants.facts import Document, LaneKnown, OrderKnown, PassageKnown, correct, is_alarm
from kouan.proving.observations import Observation, Shown, on, signed_payload
from kouan.vocabulary.clock import Instant
from kouan.wiring.twin.port import SimulatedPort


class Known(Shown):
    """All that is known so far."""

    def __init__(self) -> None:
        self.lanes: dict[str, LaneKnown] = {}
        self.orders: dict[str, OrderKnown] = {}
        self.passages: dict[str, PassageKnown] = {}
        self.open: dict[str, PassageKnown] = {}
        self.latest: dict[str, PassageKnown] = {}
        self.truth: dict[str, Document] = {}
        self.stops: dict[tuple[str, int], list[str]] = {}
        self.misread: set[tuple[str, int]] = set()
        self.rules: dict[str, Document] = {}
        self.requirements: tuple[Document, ...] = ()
        self.holds: dict[str, Document] = {}
        self.heals_at: Instant | None = None
        self.up: dict[str, Instant] = {}
        self.port: SimulatedPort | None = None

    @property
    def platform_time(self) -> Instant | None:
        """What the platform's clock shows, None where no simulated port is attached."""
        return None if self.port is None else self.port.clocks.platform.shows

    def lane(self, name: str) -> LaneKnown:
        """Return what is known of a lane."""
        return self.lanes.setdefault(name, LaneKnown())

    def crossing_of(self, passage: PassageKnown) -> str | None:
        """Return which vehicle's crossing a passage is of: the first that stopped there under the PLC's count."""
        stops = self.stops.get((passage.lane, passage.track))
        return stops[0] if stops else None

    # ---- the field's own record

    @on("truth stopped")
    def vehicle_stopped(self, seen: Observation) -> None:
        """A vehicle stands at the line."""
        line = seen.data
        self.truth[line["crossing"]] = line
        self.stops.setdefault((line["lane"], line["track"]), []).append(line["crossing"])
        self.lane(line["lane"]).stopped = line

    @on("truth left")
    def vehicle_left(self, seen: Observation) -> None:
        """A vehicle has gone; the arm is still up."""
        lane = self.lane(seen.data["lane"])
        if lane.stopped is not None and lane.stopped["crossing"] == seen.data["crossing"]:
            lane.stopped = None

    @on("truth misread")
    def device_misread(self, seen: Observation) -> None:
        """A device misread something of the vehicle of a track."""
        self.misread.add((seen.data["lane"], seen.data["track"]))

    @on("barrier/event")
    def arm_moved(self, seen: Observation) -> None:
        """A barrier told where its arm is."""
        if seen.body is not None and "barrier" in seen.body:
            self.lane(seen.lane).arms[seen.body["barrier"]] = (seen.body["position"], seen.at)

    # ---- processes and the nemesis

    @on("start")
    def started(self, seen: Observation) -> None:
        """A process lives."""
        self.up[seen.node] = seen.at

    @on("crash", "failed")
    def died(self, seen: Observation) -> None:
        """A process is dead."""
        self.up.pop(seen.node, None)

    @on("heal")
    def healed(self, seen: Observation) -> None:
        """Nothing goes wrong any more."""
        self.heals_at = seen.at

    # ---- the lane controller's log

    @on("nonce Intent")
    def intended(self, seen: Observation) -> None:
        """An order may be actuated from now on."""
        order = self.orders.get(seen.data.order_id)
        if order is not None:
            order.intended += 1
            order.intended_at = seen.at
            order.intended_epoch = self.lane(seen.data.lane).epoch

    @on("nonce Outcome")
    def settled(self, seen: Observation) -> None:
        """The controller said what became of an intended order."""
        order = self.orders.get(seen.data.order_id)
        if order is not None:
            order.settled = True

    @on("nonce EpochRaised")
    def epoch_raised(self, seen: Observation) -> None:
        """A hold is durable at the lane."""
        lane = self.lane(seen.data.lane)
        lane.epoch = max(lane.epoch, seen.data.epoch)

    @on("nonce Latched")
    def latched(self, seen: Observation) -> None:
        """The lane opens for nobody, or does again."""
        self.lane(seen.data.lane).latch = seen.data.cause

    # ---- messages

    @on("customs/case", "border_inspection/case", "site/case")
    def case_sent(self, seen: Observation) -> None:
        """An authority was sent its part of a case."""
        case = seen.body
        passage = None if case is None else self.passages.get(case["case"])
        if passage is not None:
            had = passage.cases.get(case["authority"], 0)
            passage.cases[case["authority"]] = max(had, case["revision"])

    @on("command")
    def commanded(self, seen: Observation) -> None:
        """A barrier's command is on its way."""
        order = self.orders.get(seen.body["order_id"])
        if order is not None:
            order.commanded += 1

    @on("actuation")
    def actuated(self, seen: Observation) -> None:
        """A barrier moved, or would have."""
        order = self.orders.get(seen.data["order_id"])
        if order is not None:
            order.actuated += 1

    # ---- entries of passages

    @on("gate.policy/1")
    def policy(self, seen: Observation) -> None:
        """The port says how it runs its gate."""
        self.rules = {rule["name"]: rule for rule in seen.body["rulebook"]["rules"]}
        self.requirements = tuple(seen.body["requirements"])

    @on("gate.passage_opened/1")
    def passage_opened(self, seen: Observation) -> None:
        """A passage began."""
        fact = seen.body["fact"]
        before = self.open.get(fact["lane"])
        made = PassageKnown(
            fact["passage"], fact["lane"], fact["direction"], fact["track"], seen.at, seen.body["at"],
            holds={hold["number"]: hold for hold in fact["holds"]}, epoch=fact["epoch"],
        )  # fmt: skip
        self.passages[fact["passage"]] = self.open[fact["lane"]] = self.latest[fact["lane"]] = made
        if before is not None and before.closed is None:
            before.broken = True

    @on("gate.evidence/1")
    def evidence_found(self, seen: Observation) -> None:
        """A procedure has its evidence; a second, other one contradicts it, unless it is a radiation alarm."""
        passage = self.passages.get(seen.data.stream)
        if passage is None or not seen.body["used"]:
            return
        evidence = seen.body["fact"]["evidence"]
        kind = evidence["procedure"] if evidence["type"] == "failed" else evidence["type"]
        if kind in passage.evidence and passage.evidence[kind]["type"] != "failed" and not is_alarm(evidence):
            passage.contradicted.add(kind)
            return
        passage.evidence[kind] = passage.read[kind] = evidence

    @on("gate.verdict/1")
    def verdict_came(self, seen: Observation) -> None:
        """An authority has spoken."""
        passage = self.passages.get(seen.data.stream)
        if passage is not None and seen.body["used"]:
            verdict = seen.body["fact"]["verdict"]
            passage.verdicts[verdict["authority"]] = verdict

    @on("gate.hold_seen/1")
    def hold_seen(self, seen: Observation) -> None:
        """A passage learnt of a hold that was placed or lifted."""
        passage, fact = self.passages.get(seen.data.stream), seen.body["fact"]
        if passage is None or passage.closed is not None:
            return
        passage.epoch = max(passage.epoch, fact["epoch"])
        if fact["type"] == "hold_placed":
            passage.holds[fact["number"]] = fact
        else:
            passage.lifted.add(fact["number"])

    @on("papers.order_placed/1")
    def hold_placed(self, seen: Observation) -> None:
        """A hold is durable."""
        self.holds[seen.body["number"]] = {**seen.body, "durable_at": seen.at}

    @on("papers.order_lifted/1")
    def hold_lifted(self, seen: Observation) -> None:
        """A hold stands no longer."""
        self.holds.pop(seen.body["number"], None)

    @on("gate.review_decided/1")
    def reviewed(self, seen: Observation) -> None:
        """A person decided; corrections replace what devices read."""
        passage = self.passages.get(seen.data.stream)
        if passage is not None and seen.body["used"]:
            passage.reviews.append(seen.body["fact"])
            if seen.body["fact"]["action"] == "correct":
                correct(passage, seen.body["fact"]["corrections"])

    @on("gate.review_confirmed/1")
    def confirmed(self, seen: Observation) -> None:
        """A second person confirmed."""
        passage = self.passages.get(seen.data.stream)
        if passage is not None and seen.body["used"]:
            passage.confirmations.append(seen.body["fact"])

    @on("gate.exception/1")
    def excepted(self, seen: Observation) -> None:
        """An exception became valid."""
        passage = self.passages.get(seen.data.stream)
        if passage is not None:
            passage.exceptions.append(seen.body)

    @on("gate.decision/1")
    def decided(self, seen: Observation) -> None:
        """A decision was made."""
        passage = self.passages.get(seen.data.stream)
        if passage is not None:
            passage.decision = seen.body["decision"]
            passage.decided_epoch = passage.epoch

    @on("gate.order/1")
    def ordered(self, seen: Observation) -> None:
        """An order is durable."""
        order, passage = seen.body["order"], self.passages.get(seen.data.stream)
        crossing = None if passage is None else self.crossing_of(passage)
        made = OrderKnown(order["order_id"], seen.data.stream, order, seen.at, crossing)
        self.orders[made.order_id] = made
        if passage is not None:
            passage.orders.append(made.order_id)

    @on("yard.exit_ordered/1")
    def let_out(self, seen: Observation) -> None:
        """An order to an exit of the yard is durable; what it says is what was signed."""
        order = signed_payload(seen.body["order"]["jws"].encode())
        self.orders[order["order_id"]] = OrderKnown(order["order_id"], seen.data.stream, order, seen.at, None)

    @on("gate.actuation/1")
    def reported(self, seen: Observation) -> None:
        """The lane controller's word on an order is durable."""
        passage, fact = self.passages.get(seen.data.stream), seen.body["fact"]
        if passage is not None and seen.body["used"]:
            passage.uncertain = passage.uncertain or fact["outcome"] == "uncertain"

    @on("gate.identity_broken/1")
    def identity_broken(self, seen: Observation) -> None:
        """It may be another vehicle."""
        passage = self.passages.get(seen.data.stream)
        if passage is not None and seen.body["used"]:
            passage.broken = True

    @on("gate.closed/1")
    def closed(self, seen: Observation) -> None:
        """A passage ended."""
        passage = self.passages.get(seen.data.stream)
        if passage is not None:
            passage.closed = seen.body["state"]
            if self.open.get(passage.lane) is passage:
                del self.open[passage.lane]
