"""A lorry in order, a policy with Ganqimaodu's rulebook, and a driver that steps a passage, for tests of the gate."""

from pathlib import Path
from typing import Any

from msgspec.structs import replace

from kouan.gate.commands import Command, IssueOrder, SendCase
from kouan.gate.decision import AgencyVerdict
from kouan.gate.events import Event, drafts
from kouan.gate.evidence import (
    Consignment,
    ContainersRead,
    DriverIdentified,
    Evidence,
    HealthChecked,
    PapersMatched,
    PlatesRead,
    Positioned,
    RadiationMeasured,
    SealCondition,
    SealRead,
    Weighed,
)
from kouan.gate.facts import (
    DeadlinePassed,
    EvidenceFound,
    Fact,
    OrderSigned,
    ReviewConfirmed,
    ReviewDecided,
    VehicleArrived,
    VerdictReceived,
)
from kouan.gate.passage import open_passage, step
from kouan.gate.policy import LanePolicy, Requirement
from kouan.gate.procedures import Authority, Procedure
from kouan.gate.rulebook import Rulebook, parse_rulebook
from kouan.gate.states import PassageState, decode_state, encode_state, state_name
from kouan.ledger.roles import Draft
from kouan.vocabulary.clock import SECOND, Instant
from kouan.vocabulary.places import Direction

ROOT = Path(__file__).resolve().parents[3]
NOON: Instant = 1_760_068_800 * SECOND
"""2025-10-10T12:00:00+08:00."""
DAY = 24 * 3600 * SECOND

BOOK: Rulebook = parse_rulebook((ROOT / "ports/rulebooks/ganqimaodu.toml").read_text(encoding="utf-8"))

POLICY = LanePolicy(
    requirements=tuple(
        Requirement(
            procedure,
            20 * SECOND,
            loads={Procedure.CONTAINER: ("loaded", "empty_container"), Procedure.SEAL: ("loaded",)}.get(procedure, ()),
        )
        for procedure in Procedure
        if procedure is not Procedure.DECISION
    ),
    rulebook=BOOK,
)

ARRIVED = VehicleArrived(
    at=NOON, passage="ganqimaodu-I3-7", port="ganqimaodu", lane="I3", direction=Direction.IN, track=7, epoch=3
)

SEEN: dict[str, Any] = {"source": "device", "at": NOON}

COAL = Consignment(
    "M2025101000017",
    "2701121000",
    "coking coal",
    32_000,
    declaration="020220251000000017",
    cleared=True,
    total_kg=90_000,
)

GOOD: dict[Procedure, Evidence] = {
    Procedure.POSITIONING: Positioned(**SEEN, track=7, axles=6, length_mm=17_200),
    Procedure.PLATES: PlatesRead(**SEEN, confidence_pm=970, tractor="1234УБА", trailer="5678УБА"),
    Procedure.CONTAINER: ContainersRead(**SEEN, confidence_pm=960, numbers=("CSQU3054383",), valid=True),
    Procedure.SEAL: SealRead(**SEEN, number="CN1234567", condition=SealCondition.INTACT),
    Procedure.WEIGHT: Weighed(
        **SEEN, mass_kg=50_120, stable_frames=8, calibrated_until=NOON + 90 * DAY, zero_checked_at=NOON - DAY // 4
    ),
    Procedure.RADIATION: RadiationMeasured(
        **SEEN, gamma_alarm=False, neutron_alarm=False, gamma_peak_cps=410, gamma_background_cps=400
    ),
    Procedure.DRIVER: DriverIdentified(
        **SEEN,
        commitment="c0ffee",
        document_valid=True,
        document_expired=False,
        nationality="MNG",
        expected=True,
        face_score_pm=930,
        liveness_pm=950,
        fingerprint_score_pm=None,
        occupants=1,
        announced_crew=1,
    ),
    Procedure.HEALTH: HealthChecked(**SEEN, declared=True, symptoms=False, temperature_dc=364, disinfected=True),
    Procedure.PAPERS: PapersMatched(
        **SEEN,
        confirmation="V2025101000042",
        cargo="coal",
        plate="1234УБА",
        trailer="5678УБА",
        containers=("CSQU3054383",),
        seals=("CN1234567",),
        tare_kg=18_000,
        consignments=(COAL,),
    ),
}


def but(**changes: dict[str, Any]) -> dict[Procedure, Evidence]:
    """Return the good lorry's evidence with fields of some procedures changed: ``but(weight={"mass_kg": 1})``."""
    return GOOD | {Procedure(name): replace(GOOD[Procedure(name)], **fields) for name, fields in changes.items()}


def grant(case: SendCase, now: Instant, outcome: str = "grant", life_us: int = 600 * SECOND) -> VerdictReceived:
    """Return an authority's verdict on a case file."""
    verdict = AgencyVerdict(case.authority, outcome, case.revision, now, now + life_us, f"agency:{case.authority}")
    return VerdictReceived(now, verdict)


class Drive:
    """Steps one passage as a driver would, and keeps everything that came of it."""

    def __init__(self, policy: LanePolicy = POLICY, arrived: VehicleArrived = ARRIVED, now: Instant = NOON) -> None:
        self.policy, self.now = policy, now
        self.events: list[Event] = []
        self.commands: list[Command] = []
        self.drafts: list[Draft] = []
        opened = open_passage(arrived, now, policy)
        self.deadline = opened.next_deadline
        self.state: PassageState = opened.state
        self._keep(opened.events, opened.commands)

    def _keep(self, events: tuple[Event, ...], commands: tuple[Command, ...]) -> None:
        self.events += events
        self.commands += commands
        made = drafts(events, self.state.dossier.passage, f"{self.state.dossier.passage}/{self.state.dossier.version}")
        self.drafts += made
        assert decode_state(encode_state(self.state)) == self.state

    def take(self, *facts: Fact, after_us: int = 0) -> "Drive":
        """Step with facts, signing each order at once."""
        self.now += after_us
        for fact in facts:
            taken = step(self.state, fact, self.now, self.policy)
            self.state, self.deadline = taken.state, taken.next_deadline
            self._keep(taken.events, taken.commands)
            for command in taken.commands:
                if isinstance(command, IssueOrder):
                    self.take(OrderSigned(self.now, command.order_id, f"nonce-{command.order_id}", "a.b.c"))
        return self

    def show(self, evidence: dict[Procedure, Evidence]) -> "Drive":
        """Feed evidence of several procedures."""
        return self.take(*(EvidenceFound(self.now, found) for found in evidence.values()))

    def agree(self, **outcomes: str) -> "Drive":
        """Let each authority answer its last case file: ``grant``, unless said otherwise."""
        for authority in Authority:
            case = self.last_case(authority)
            if case is not None:
                self.take(grant(case, self.now, outcomes.get(authority, "grant")))
        return self

    def wait(self) -> "Drive":
        """Let the next deadline pass."""
        assert self.deadline is not None
        self.now = max(self.deadline, self.now)
        return self.take(DeadlinePassed(self.now))

    def last_case(self, authority: Authority) -> SendCase | None:
        """Return the case file that an authority was sent last."""
        sent = [command for command in self.commands if isinstance(command, SendCase)]
        return next((case for case in reversed(sent) if case.authority is authority), None)

    @property
    def orders(self) -> list[IssueOrder]:
        """All orders that were asked for."""
        return [command for command in self.commands if isinstance(command, IssueOrder)]

    @property
    def name(self) -> str:
        """The state's name."""
        return state_name(self.state)

    def codes(self) -> list[str]:
        """The codes of all findings of the last decision."""
        return [finding.reason.code for finding in self.state.decision.findings]  # type: ignore[union-attr]

    def unused(self) -> list[str]:
        """Why facts were not used, in order."""
        return [event.cause for event in self.events if getattr(event, "used", True) is False]  # type: ignore[union-attr]


def officer(action: str, authority: Authority = Authority.CUSTOMS, **more: Any) -> ReviewDecided:
    """Return an officer's decision, signed in again, with a reason."""
    given = {"by": "officer-1", "roles": ("officer",), "reason": "seen by eye", "stepped_up": True} | more
    return ReviewDecided(at=NOON, authority=authority, action=action, **given)


def second(authority: Authority = Authority.CUSTOMS, **more: Any) -> ReviewConfirmed:
    """Return a second officer's confirmation."""
    given = {"by": "officer-2", "roles": ("officer",), "reason": "seen as well", "stepped_up": True} | more
    return ReviewConfirmed(at=NOON, authority=authority, **given)
