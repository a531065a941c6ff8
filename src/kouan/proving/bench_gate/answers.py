"""Those who answer the platform: agencies that judge case files, and the lane controller that reports on orders."""

import base64

import msgspec

from kouan.protocols.agency import codec as agency
from kouan.protocols.agency.messages import Verdict
from kouan.protocols.lane_order.codec import sign_report
from kouan.protocols.lane_order.messages import ActuationOutcome, ControllerReport
from kouan.proving.bench_gate.world import PORT, Signers
from kouan.simulator.judgement import judge
from kouan.vocabulary.clock import SECOND, Instant

VERDICT_LIFE_US = 600 * SECOND
"""How long a verdict is good. Our choice, as the simulated agencies have it."""


class _Order(msgspec.Struct):
    order_id: str


class Answer(msgspec.Struct, frozen=True):
    """A signed verdict on a lane's case, ready to be sent."""

    lane: str
    authority: str
    topic: str
    payload: bytes


class Answers:
    """Signs what agencies and the lane controller say."""

    def __init__(self, signers: Signers) -> None:
        self._signers = signers
        self._orders = msgspec.json.Decoder(_Order)

    def verdict(self, payload: bytes, at: Instant) -> Answer:
        """Return an authority's verdict on a case file."""
        case = agency.decode_case(payload)
        outcome, reasons = judge(case.authority, case.facts)
        verdict = Verdict(
            authority=case.authority,
            port=PORT,
            case=case.case,
            revision=case.revision,
            outcome=outcome,
            reasons=reasons,
            issued_at=at,
            expires_at=at + VERDICT_LIFE_US,
        )
        signed = agency.sign_verdict(self._signers.agencies[case.authority], verdict)
        return Answer(case.lane, case.authority, f"kouan/{PORT}/agency/{case.authority}/verdict", signed)

    def order_id(self, compact: bytes) -> str:
        """Return the id that an order claims to have; who needs to be sure verifies it."""
        part = compact.split(b".")[1]
        return self._orders.decode(base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4))).order_id

    def report(self, lane: str, order_id: str, at: Instant) -> tuple[str, bytes]:
        """Return topic and payload of the lane controller's report that it opened the barrier."""
        report = ControllerReport(
            controller=f"{PORT}-1",
            port=PORT,
            lane=lane,
            order_id=order_id,
            outcome=ActuationOutcome.ACTUATED,
            at=at,
            uncertainty_us=1000,
        )
        return f"kouan/{PORT}/{lane}/controller/report", sign_report(self._signers.controller, report)
