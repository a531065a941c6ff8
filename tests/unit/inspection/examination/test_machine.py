"""Any officers, in any order: no vehicle leaves with a hold standing, and each hold is ended by its own authority."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.unit.inspection.examination.sheet_kit import LORRY, MINUTE, NOW, RULES, hold, moved, said

from kouan.access.people import Agency
from kouan.inspection.control_orders import ControlKind, lift_order
from kouan.inspection.examination import moves, results
from kouan.inspection.examination.examination import (
    PRESENT,
    WAITING,
    Answer,
    AnswerOutcome,
    Appointment,
    Examination,
    ExaminationState,
)
from kouan.inspection.examination.records import record_of
from kouan.inspection.records import ControlOrderRecord
from kouan.inspection.steps import MAKING, StepKind
from kouan.ledger.roles import Unit

AGENCIES = st.sampled_from([Agency.CUSTOMS, Agency.BORDER_INSPECTION, Agency.SITE])
KINDS = st.sampled_from([kind for kind in ControlKind if kind is not ControlKind.WATCH])
STEPS = st.lists(st.sampled_from([step for step in StepKind if step not in MAKING]), unique=True, max_size=2)
PEOPLE = st.sampled_from(["wang", "li", "zhao"])


class OneExamination(RuleBasedStateMachine):
    """A vehicle, the control orders on it, and officers of three agencies who do what comes to their minds."""

    def __init__(self) -> None:
        super().__init__()
        self.orders: dict[str, ControlOrderRecord] = {}
        self.lifted_by: dict[str, Agency] = {}
        self.now = NOW
        self.seals = 0

    @initialize(agency=AGENCIES, kind=KINDS, steps=STEPS)
    def begin(self, agency: Agency, kind: ControlKind, steps: list[StepKind]) -> None:
        """Order the examination."""
        self.place(agency, kind, steps)
        asks = [ask for order in self.orders.values() if (ask := moves.ask_of(order, RULES)) is not None]
        self.standing = moved(moves.order("X1", LORRY, asks, RULES, self.now))

    def place(self, agency: Agency, kind: ControlKind, steps: list[StepKind]) -> ControlOrderRecord:
        self.now += MINUTE
        order = hold(f"O{len(self.orders)}", agency, kind, *steps, at=self.now)
        self.orders[order.number] = order
        return order

    def go(self, result: object) -> None:
        """Take what is moved, and lift what its agency released; what is refused changes nothing."""
        if isinstance(result, Examination):
            assert result.version > self.standing.version or result == self.standing
            self.standing = result
            for ask in result.asks:
                answer = result.answered.get(ask.number)
                if answer is not None and answer.releases and ask.number in self.in_force:
                    assert isinstance(
                        lift_order(self.orders[ask.number], answer.agency, answer.by, "x", self.now), Unit
                    )
                    self.lifted_by[ask.number] = answer.agency

    @property
    def in_force(self) -> list[str]:
        return [number for number in self.orders if number not in self.lifted_by]

    @precondition(lambda self: len(self.orders) < 5)
    @rule(agency=AGENCIES, kind=KINDS, steps=STEPS)
    def find_something_new(self, agency: Agency, kind: ControlKind, steps: list[StepKind]) -> None:
        """Place another order, at whatever stage."""
        ask = moves.ask_of(self.place(agency, kind, steps), RULES)
        assert ask is not None
        self.go(moves.ask_more(self.standing, ask, RULES, self.now))

    @rule(number=st.integers(0, 4))
    def lift_elsewhere(self, number: int) -> None:
        """Let the authority that placed an order lift it itself."""
        name = f"O{number}"
        if name in self.in_force:
            self.lifted_by[name] = Agency(self.orders[name].authority)
            self.go(moves.withdraw(self.standing, name, RULES, self.now))

    @precondition(lambda self: self.standing.state in WAITING)
    @rule()
    def come(self) -> None:
        """Plan, call and arrive."""
        self.go(moves.plan(self.standing, Appointment("B1", self.now, self.now + MINUTE, (), "p"), self.now))
        self.go(moves.call(self.standing, self.now))
        self.go(moves.arrive(self.standing, "B1", self.now))

    @precondition(lambda self: self.standing.state in PRESENT)
    @rule(place=st.integers(0, 12), agency=AGENCIES, adverse=st.booleans(), by=PEOPLE)
    def report(self, place: int, agency: Agency, adverse: bool, by: str) -> None:
        """Report any step for any agency."""
        step = self.standing.steps[place % len(self.standing.steps)] if self.standing.steps else None
        if step is None:
            return
        self.seals += 1
        seals = {StepKind.OPEN_SEAL: self.standing.seals_now, StepKind.RESEAL: (f"N{self.seals}",)}.get(step.kind, ())
        word = said(step.kind, agency, adverse=adverse, by=by, seals=tuple(seals))
        self.go(results.report(self.standing, step.number, word, RULES))

    @precondition(lambda self: self.standing.state in PRESENT)
    @rule(place=st.integers(0, 12), agency=AGENCIES)
    def again(self, place: int, agency: Agency) -> None:
        """Order any step done again."""
        if self.standing.steps:
            number = self.standing.steps[place % len(self.standing.steps)].number
            self.go(results.do_again(self.standing, number, agency, RULES, self.now))

    @precondition(lambda self: self.standing.state in PRESENT)
    @rule(place=st.integers(0, 4), agency=AGENCIES, release=st.booleans(), override=st.booleans(), by=PEOPLE)
    def answer(self, place: int, agency: Agency, release: bool, override: bool, by: str) -> None:
        """Answer any order for any agency."""
        outcome = AnswerOutcome.RELEASE if release else AnswerOutcome.KEEP
        word = Answer(f"O{place}", agency, outcome, by, self.now, "seen", override, False, by)
        self.go(results.answer(self.standing, word, RULES))

    @precondition(lambda self: self.standing.state in PRESENT)
    @rule(place=st.integers(0, 4), agency=AGENCIES, by=PEOPLE)
    def confirm(self, place: int, agency: Agency, by: str) -> None:
        """Confirm any answer."""
        before = self.standing.answered.get(f"O{place}")
        result = results.confirm(self.standing, f"O{place}", agency, by, RULES, self.now)
        if isinstance(result, Examination):
            assert before is not None
            assert (before.by != by, before.agency) == (True, agency)
        self.go(result)

    @rule()
    def leave(self) -> None:
        """Let the vehicle go, if it may: then no order is in force on it, and it is whole."""
        held = self.in_force
        result = moves.close(self.standing, [self.orders[number] for number in held], self.now)
        if isinstance(result, Examination):
            assert held == []
            assert not result.seals_open
            assert all(result.released(ask.number) for ask in result.asks)
        self.go(result)

    @invariant()
    def every_hold_is_ended_by_its_own_authority(self) -> None:
        """Whoever lifted an order is of the authority that placed it."""
        for number, agency in self.lifted_by.items():
            assert self.orders[number].authority == agency

    @invariant()
    def what_is_released_is_clear_or_agreed_by_two(self) -> None:
        """A release rests on steps that are all done and clear, or on two people of the agency."""
        standing = getattr(self, "standing", None)
        for answer in standing.answered.values() if standing is not None else ():
            if answer.releases and answer.two_people:
                assert answer.confirmed_by not in (None, answer.by)

    @invariant()
    def the_row_says_the_same(self) -> None:
        """The row of an examination agrees with it, and its sheet has no step twice under one number."""
        standing = getattr(self, "standing", None)
        if standing is not None:
            assert record_of(standing).state == standing.state
            assert len({step.number for step in standing.steps}) == len(standing.steps)
            assert (standing.state is ExaminationState.CLOSED) == (standing.outcome == "may_leave")


OneExamination.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestOneExamination = OneExamination.TestCase
