"""What no sequence of facts, in any order, may ever bring about."""

from collections.abc import Callable

import msgspec
from hypothesis import event, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.unit.gate.passage_kit import ARRIVED, GOOD, NOON, POLICY, Drive, but

from kouan.gate.commands import IssueOrder
from kouan.gate.decision import AgencyVerdict
from kouan.gate.events import DecisionMade, FactRecorded, OrderIssued, PassageOpened, kind_of
from kouan.gate.evidence import Evidence, Failed
from kouan.gate.facts import (
    BarrierMoved,
    ControllerReported,
    DeadlinePassed,
    EvidenceFound,
    Fact,
    HoldLifted,
    HoldPlaced,
    IdentityBroken,
    LaneFault,
    ReviewConfirmed,
    ReviewDecided,
    VehicleLeft,
    VerdictReceived,
)
from kouan.gate.passage import open_passage, step
from kouan.gate.procedures import Authority, Outcome, Procedure
from kouan.gate.states import Final, Opened, Ordered
from kouan.ledger.entries import canonical
from kouan.vocabulary.clock import SECOND

DIVERSIONS = {Outcome.DIVERT_MANUAL, Outcome.DIVERT_SCAN, Outcome.DIVERT_QUARANTINE, Outcome.DIVERT_RADIATION}

BAD: list[Evidence] = [
    *but(
        plates={"tractor": "1284УБА"},
        seal={"number": "CN7654321"},
        weight={"mass_kg": 80_000},
        radiation={"gamma_alarm": True},
        driver={"occupants": 2},
        health={"temperature_dc": 385},
        papers={"holds": ("customs:detain:B1",)},
        positioning={"alone": False},
        container={"valid": False},
    ).values(),
    Failed(source="papers", at=NOON, procedure=Procedure.PAPERS, cause="none"),
    Failed(source="device", at=NOON, procedure=Procedure.WEIGHT, cause="fault:overflow"),
    replace(GOOD[Procedure.POSITIONING], track=8),
]

Act = Callable[[Drive], Fact | None]

authorities = st.sampled_from(Authority)
words = st.sampled_from(["", "seen by eye"])
people = st.sampled_from(["officer-1", "officer-2", "officer-3"])


def verdict_of(authority: Authority, outcome: str, off: int, life: int) -> Act:
    def act(drive: Drive) -> Fact:
        case = drive.last_case(authority)
        revision = (case.revision if case else 1) + off
        given = AgencyVerdict(authority, outcome, revision, drive.now, drive.now + life, f"agency:{authority}")
        return VerdictReceived(drive.now, given)

    return act


def report_of(outcome: str, ours: bool) -> Act:
    def act(drive: Drive) -> Fact:
        order_id = drive.orders[-1].order_id if ours and drive.orders else "stranger-1"
        return ControllerReported(drive.now, order_id, outcome, "order.epoch_stale" if outcome == "refused" else None)

    return act


def moved(barrier: str, position: str, ours: bool) -> Act:
    return lambda drive: BarrierMoved(
        drive.now, barrier, position, drive.orders[-1].order_id if ours and drive.orders else None
    )


def gone(vehicles: int, ours: bool, track: int) -> Act:
    return lambda drive: VehicleLeft(
        drive.now, track, vehicles, drive.orders[-1].order_id if ours and drive.orders else None
    )


def placed(number: str, plate: str | None, rise: int) -> Act:
    return lambda drive: HoldPlaced(
        drive.now, number, Authority.CUSTOMS, "detain", drive.state.dossier.epoch + rise, plate
    )


acts: st.SearchStrategy[Act] = st.one_of(
    st.sampled_from([*GOOD.values(), *BAD]).map(lambda found: lambda drive: EvidenceFound(drive.now, found)),
    st.builds(
        verdict_of,
        authorities,
        st.sampled_from(["grant", "grant", "grant", "refuse", "refer", "perhaps"]),
        st.sampled_from([0, 0, 0, 0, -1, 1]),
        st.sampled_from([600 * SECOND, 600 * SECOND, SECOND, 0]),
    ),
    st.builds(report_of, st.sampled_from(["actuated", "refused", "uncertain", "nonsense"]), st.booleans()),
    st.builds(
        moved, st.sampled_from(["release", "divert"]), st.sampled_from(["opening", "open", "closed"]), st.booleans()
    ),
    st.builds(gone, st.integers(0, 2), st.booleans(), st.sampled_from([7, 7, 8])),
    st.builds(placed, st.sampled_from(["H1", "H2"]), st.sampled_from([None, "1234УБА", "0000УБА"]), st.integers(-1, 1)),
    st.sampled_from(["H1", "B1"]).map(
        lambda number: lambda drive: HoldLifted(drive.now, number, drive.state.dossier.epoch + 1)
    ),
    st.just(lambda drive: IdentityBroken(drive.now, "stop_loop_cleared")),
    st.builds(
        lambda procedure, active: lambda drive: LaneFault(drive.now, procedure, "device", "offline", active),
        st.sampled_from(Procedure),
        st.booleans(),
    ),
    st.just(lambda drive: DeadlinePassed(drive.now)),
    st.just(lambda drive: ARRIVED),
    st.builds(
        lambda by, authority, action, reason, corrections, up, recent: (
            lambda drive: ReviewDecided(drive.now, by, (), authority, action, reason, None, corrections, up, recent)
        ),
        people,
        authorities,
        st.sampled_from(["release", "release", "divert", "refuse", "correct", "nonsense"]),
        words,
        st.dictionaries(
            st.sampled_from(["plate", "seal", "occupants", "papers", "containers", "mass_kg"]),
            st.sampled_from(["1234УБА", "CN1234567", "1", "CSQU3054383", "", "x" * 99]),
            max_size=2,
        ),
        st.booleans(),
        st.sampled_from([0, 99]),
    ),
    st.builds(
        lambda by, authority, up: lambda drive: ReviewConfirmed(drive.now, by, (), authority, "seen as well", up),
        people,
        authorities,
        st.booleans(),
    ),
)

pauses = st.sampled_from([0, 0, 0, SECOND, 6 * SECOND, 8 * SECOND, 25 * SECOND, 70 * SECOND])


class Watched(Drive):
    """A drive that checks after every step what must always hold."""

    epoch = ARRIVED.epoch
    broken = False
    live: IssueOrder | None = None

    def take(self, *facts: Fact, after_us: int = 0) -> "Watched":
        self.now += after_us
        for fact in facts:
            before, known = self.state, len(self.orders)
            if isinstance(fact, HoldPlaced | HoldLifted) and not isinstance(before, Final):
                self.epoch = max(self.epoch, fact.epoch)
            if isinstance(fact, IdentityBroken) and not isinstance(before, Opened | Final):
                self.broken = True
            if isinstance(fact, ControllerReported) and self.live and fact.order_id == self.live.order_id:
                self.live = None
            super().take(fact)
            for order in self.orders[known:]:
                self.check_order(order)
        return self

    def check_order(self, order: IssueOrder) -> None:
        assert not self.broken, "an order after the identity broke"
        assert order.epoch == self.epoch, "an order under a stale epoch"
        assert self.live is None or self.live.expires_at <= self.now, "two live orders"
        assert 0 < order.expires_at - order.issued_at <= 5 * SECOND
        self.live = order
        if order.barrier == "release":
            assert order.outcome is Outcome.RELEASE
            self.check_release()
        else:
            assert order.barrier == "divert"
            assert order.outcome in DIVERSIONS

    def check_release(self) -> None:
        """Every authority's last word on its last case file is a valid grant, or two of its people excepted from it."""
        dossier = self.state.dossier
        decision = [made.decision for made in self.events if isinstance(made, DecisionMade)][-1]
        excepted = {text.split(":")[0] for text in decision.exceptions}
        for authority in Authority:
            case = self.last_case(authority)
            assert case is not None
            word = next(found for found in dossier.verdicts if found.authority is authority)
            assert word.revision == case.revision
            assert word.expires_at > self.now
            assert word.outcome == "grant" or f"verdict.{authority}" in excepted


@given(st.lists(st.tuples(acts, pauses), max_size=40), st.booleans())
@settings(max_examples=400, deadline=None)
def test_no_sequence_of_facts_raises_or_opens_what_it_may_not(steps: list[tuple[Act, int]], prepared: bool) -> None:
    drive = Watched()
    if prepared:
        drive.show(GOOD).agree()
        drive.live = drive.orders[0] if drive.orders else None
    for act, pause in steps:
        fact = act(drive)
        if fact is not None:
            drive.take(fact, after_us=pause)
    event(drive.name)


def refold(drive: Drive) -> Drive:
    """Step another passage with the facts as they were recorded, each at its recorded instant."""
    opened = next(recorded for recorded in drive.events if isinstance(recorded, PassageOpened))
    first = open_passage(opened.fact, opened.at, POLICY)
    again = Drive()
    again.state, again.events = first.state, list(first.events)
    for recorded in drive.events:
        if isinstance(recorded, FactRecorded | OrderIssued):
            fact = msgspec.json.decode(canonical(recorded.fact), type=Fact)
            taken = step(again.state, fact, recorded.at, POLICY)
            again.state = taken.state
            again.events += taken.events
    return again


@given(st.lists(st.tuples(acts, pauses), max_size=30), st.booleans())
@settings(max_examples=200, deadline=None)
def test_the_recorded_facts_give_the_same_entries_again_byte_for_byte(
    steps: list[tuple[Act, int]], prepared: bool
) -> None:
    drive = Drive()
    if prepared:
        drive.show(GOOD).agree()
    for act, pause in steps:
        fact = act(drive)
        if fact is not None:
            drive.take(fact, after_us=pause)
    again = refold(drive)
    assert again.state == drive.state
    assert [(kind_of(made), canonical(made)) for made in again.events] == [
        (kind_of(made), canonical(made)) for made in drive.events
    ]


@given(st.permutations(list(GOOD.values())), st.permutations(list(Authority)))
@settings(max_examples=60, deadline=None)
def test_a_good_lorry_is_released_in_whatever_order_its_evidence_comes(
    evidence: list[Evidence], order: list[Authority]
) -> None:
    drive = Drive()
    for found in evidence:
        drive.take(EvidenceFound(drive.now, found))
    for authority in order:
        drive.take(verdict_of(authority, "grant", 0, 600 * SECOND)(drive) or ARRIVED)
    assert isinstance(drive.state, Ordered)
    assert drive.state.decision.outcome is Outcome.RELEASE
