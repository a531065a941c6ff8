"""A hand-made stream of observations: one lorry at one lane, released as it should be, with anything changed."""

from typing import Any

import msgspec

from kouan.adapters.lane_controller.memory_log import Medium
from kouan.gate.lane_controller.records import EpochRaised, Intent, Latched, Outcome, Record, ResetTaken
from kouan.ledger.entries import GENESIS, Entry
from kouan.protocols.lane_order.messages import ActuationOutcome
from kouan.proving.invariants.known import Known
from kouan.proving.observations import Checker, Observation, Watch
from kouan.vocabulary.clock import SECOND

START = 1_795_132_800 * SECOND
LANE = "I1"
PASSAGE = "ganqimaodu-I1-20261120T000001-1"
ORDER = f"{PASSAGE}-1"
PLATE, SEAL, GROSS_KG = "0779ӨМЛ", "CN34279053", 40_000
AUTHORITIES = ("border_inspection", "customs", "site")

__all__ = ["EpochRaised", "Intent", "Latched", "Medium", "Outcome", "ResetTaken", "Stream"]


def rule(name: str, **fields: Any) -> dict[str, Any]:
    """Return a rule as a policy's entry has it."""
    usual = {"overridable": True, "second_person": True, "needs_survey": False, "cap_per_hour": 6, "check": name}
    return {"name": name, "params": {}, **usual, **fields}


class Stream:
    """Shows one checker what a test tells it; the clock stands still but for ``wait``."""

    def __init__(self, checker: Checker, rules: tuple[dict[str, Any], ...] = ()) -> None:
        self.now = START
        self.checker = checker
        self.known = Known()
        self.watch = Watch((checker,), self.known)
        self.last = GENESIS
        self.seq = 0
        asked = [{"procedure": each, "directions": [], "loads": ["loaded"]} for each in ("plates", "weight", "papers")]
        self.entry("gate.policy/1", {"rulebook": {"rules": list(rules)}, "requirements": asked}, stream="policy")
        self.tell("controller", "start", 1)
        self.wait(10)

    @property
    def found(self) -> list[str]:
        """What was violated, as text."""
        return [violation.text for violation in self.watch.violations]

    def wait(self, seconds: float) -> "Stream":
        """Let time pass."""
        self.now += round(seconds * SECOND)
        return self

    def tell(self, node: str, kind: str, data: Any) -> None:
        """Let anything happen."""
        self.watch.see(Observation(self.now, node, kind, data))

    def entry(self, kind: str, body: Any, *, stream: str = PASSAGE, key: str | None = None, **fields: Any) -> Entry:
        """Let an entry become durable."""
        self.seq += 1
        raw = msgspec.Raw(msgspec.json.encode(body))
        made = Entry(self.now, raw, 1, key or f"k{self.seq}", kind, "ganqimaodu", self.last, self.seq, stream)
        made = msgspec.structs.replace(made, **fields)
        self.last = made.hash
        self.tell("platform", "entry", made)
        return made

    def fact(self, kind: str, fact: dict[str, Any], *, used: bool = True, stream: str = PASSAGE) -> None:
        """Let a fact become durable."""
        self.entry(kind, {"at": self.now, "cause": None, "used": used, "fact": fact}, stream=stream)

    def wire(self, channel: str, body: Any, lane: str = LANE) -> None:
        """Let a message be on the wire; bytes as they are, anything else as JSON."""
        payload = body if isinstance(body, bytes) else msgspec.json.encode(body)
        self.tell("broker", "wire", (f"kouan/ganqimaodu/{lane}/{channel}", payload))

    # ---- one lorry

    def stop(self, lane: str = LANE, track: int = 1, crossing: str = "X1", **fields: Any) -> None:
        """Let a lorry stop at a line."""
        truth = {"event": "stopped", "crossing": crossing, "lane": lane, "track": track, "plate": PLATE}
        self.tell("field", "truth", {**truth, "gross_kg": GROSS_KG, "anomalies": (), "at_stop_at": self.now, **fields})

    def leave(self, lane: str = LANE, crossing: str = "X1", **fields: Any) -> None:
        """Let a lorry drive off."""
        line = {"event": "left", "crossing": crossing, "lane": lane, "track": 1, "exit": "release", "vehicles": 1}
        self.tell("field", "truth", {**line, **fields})

    def open(self, passage: str = PASSAGE, lane: str = LANE, track: int = 1, epoch: int = 0) -> None:
        """Let a passage begin."""
        fact = {"passage": passage, "lane": lane, "direction": "in", "track": track, "epoch": epoch, "holds": []}
        self.entry("gate.passage_opened/1", {"at": self.now, "fact": fact}, stream=passage)

    def evidence(self, kind: str, *, stream: str = PASSAGE, **fields: Any) -> None:
        """Let evidence be found: good as it is, but for what the test changes."""
        found = {"type": kind, "at": self.now, "source": "device", **_EVIDENCE.get(kind, {}), **fields}
        if kind == "weight":
            found = {"calibrated_until": self.now + SECOND, "zero_checked_at": START, **found, **fields}
        self.fact("gate.evidence/1", {"evidence": found}, stream=stream)

    def verdict(self, authority: str, outcome: str = "grant", *, stream: str = PASSAGE, **fields: Any) -> None:
        """Let an authority speak."""
        said = {"authority": authority, "outcome": outcome, "revision": 1, "expires_at": self.now + 600 * SECOND}
        self.fact("gate.verdict/1", {"verdict": {**said, **fields}}, stream=stream)

    def decide(self, outcome: str = "RELEASE", *, stream: str = PASSAGE, epoch: int = 0, **fields: Any) -> None:
        """Let a decision become durable."""
        made = {"outcome": outcome, "epoch": epoch, "findings": [], "exceptions": [], **fields}
        self.entry("gate.decision/1", {"at": self.now, "decision": made}, stream=stream)

    def order(self, order_id: str = ORDER, *, stream: str = PASSAGE, **fields: Any) -> None:
        """Let an order become durable."""
        vehicle = {"plate": PLATE, "trailer": None, "seal": SEAL, "axles": 6, "track": 1}
        made = {
            "order_id": order_id, "barrier": "release", "outcome": "RELEASE", "vehicle": vehicle, "epoch": 0,
            "issued_at": self.now, "expires_at": self.now + 5 * SECOND, "nonce": f"n-{order_id}", **fields,
        }  # fmt: skip
        self.entry("gate.order/1", {"at": self.now, "order": made}, stream=stream)

    def nonce(self, *records: Record) -> None:
        """Let records become durable in the controller's log."""
        for record in records:
            self.tell("controller", "nonce", record)

    def intend(self, order_id: str = ORDER, lane: str = LANE) -> None:
        """Let the controller take an order."""
        self.nonce(Intent(lane, order_id, "platform", f"n-{order_id}", self.now))

    def settle(
        self, order_id: str = ORDER, outcome: ActuationOutcome = ActuationOutcome.ACTUATED, us: int = 900
    ) -> None:
        """Let the controller say what became of an order."""
        self.nonce(Outcome(LANE, order_id, outcome, None, self.now, us))

    def command(self, order_id: str = ORDER, *, lane: str = LANE, **fields: Any) -> None:
        """Let a barrier be commanded."""
        body = {"barrier": "release", "order_id": order_id, "nonce": f"n-{order_id}", **fields}
        self.tell("broker", "command", (f"kouan/ganqimaodu/{lane}/barrier/command", msgspec.json.encode(body)))

    def move(self, order_id: str = ORDER, *, nth: int = 1, crossing: str | None = "X1", **fields: Any) -> None:
        """Let an arm move, by the field's own record."""
        line = {"order_id": order_id, "nonce": f"n-{order_id}", "lane": LANE, "barrier": "release", "nth": nth}
        self.tell("field", "actuation", {**line, "crossing": crossing, **fields})

    def arrive(self, **truth: Any) -> "Stream":
        """Let a lorry stop and everything be found of it, up to the verdicts."""
        self.stop(**truth)
        self.open()
        for kind in _EVIDENCE:
            self.evidence(kind)
        for authority in AUTHORITIES:
            self.verdict(authority)
        return self

    def released(self, **truth: Any) -> "Stream":
        """Let a lorry be released and the arm move for it."""
        self.arrive(**truth)
        self.decide()
        self.order()
        self.intend()
        self.command()
        self.move()
        return self


_EVIDENCE: dict[str, dict[str, Any]] = {
    "positioning": {"axles": 6, "alone": True, "track": 1},
    "plates": {"tractor": PLATE, "trailer": None},
    "seal": {"number": SEAL, "condition": "intact"},
    "radiation": {"gamma_alarm": False, "neutron_alarm": False},
    "papers": {
        "load": "loaded", "plate": PLATE, "trailer": None, "containers": [], "seals": [SEAL], "confirmation": "CF1",
        "duplicate_of": None, "consignments": [],
    },
}  # fmt: skip
_EVIDENCE["weight"] = {"mass_kg": GROSS_KG}
