"""One examination of one vehicle as it stands: who asked for what, the steps, what was found, and who answered."""

import enum
from collections.abc import Mapping

import msgspec

from kouan.access.people import Agency
from kouan.inspection.control_orders import ControlKind, Target
from kouan.inspection.steps import StepKind
from kouan.ledger.entries import canonical
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.verdict import Reason


class ExaminationState(enum.StrEnum):
    """Where an examination stands; the last two are final."""

    ORDERED = "ordered"
    PLANNED = "planned"
    CALLED = "called"
    AT_BAY = "at_bay"
    STEPS = "steps"
    RESULTS = "results"
    CLOSED = "closed"
    ABANDONED = "abandoned"


OPEN = tuple(state for state in ExaminationState if state not in ("closed", "abandoned"))
"""The states of an examination that goes on."""

WAITING = (ExaminationState.ORDERED, ExaminationState.PLANNED)
"""The states in which bay and time may still change."""

PRESENT = (ExaminationState.AT_BAY, ExaminationState.STEPS, ExaminationState.RESULTS)
"""The states in which the vehicle stands at its bay."""


class Vehicle(msgspec.Struct, frozen=True):
    """What is examined: as the gate read it and its papers say. ``seals`` are those it should carry."""

    plate: str
    trailer: str | None = None
    containers: tuple[str, ...] = ()
    consignments: tuple[str, ...] = ()
    declarations: tuple[str, ...] = ()
    seals: tuple[str, ...] = ()
    cargo: str = ""
    perishable: bool = False
    passage: str | None = None

    @property
    def target(self) -> Target:
        """What control orders may name of it."""
        plates = tuple(plate for plate in (self.plate, self.trailer) if plate)
        return Target(plates, self.containers, self.consignments, self.declarations)


class Ask(msgspec.Struct, frozen=True):
    """What one control order asks for; ``number`` is the order's, which only its agency's results lift.

    ``steps`` are what the order's kind stands for, or what whoever placed it asked for by name.
    """

    number: str
    agency: Agency
    kind: ControlKind
    steps: tuple[StepKind, ...]
    reason: str
    by: str
    at: Instant


class Outcome(enum.StrEnum):
    """What one officer found at a step."""

    CLEAR = "clear"
    ADVERSE = "adverse"


class Found(msgspec.Struct, frozen=True):
    """One thing that was found: its code, in the words of the finding agency's list, and free text."""

    code: str
    text: str = ""


class Report(msgspec.Struct, frozen=True):
    """What an officer reports of a step: pictures by SHA-256 in hex, seals read or put on, a mass in kilograms."""

    agency: Agency
    by: str
    at: Instant
    outcome: Outcome
    found: tuple[Found, ...] = ()
    pictures: tuple[str, ...] = ()
    seals: tuple[str, ...] = ()
    mass_kg: int | None = None


class Step(msgspec.Struct, frozen=True):
    """One step of the sheet, done once for all ``asks`` that it answers; ``present`` are the agencies that report.

    ``round`` rises when it is done again; then only the reports of that round count, and ``before`` keeps the others.
    ``because`` says which order asked for it, with whom it is shared, or which step needs it.
    """

    number: int
    kind: StepKind
    asks: tuple[str, ...]
    present: tuple[Agency, ...]
    minutes: int
    because: tuple[Reason, ...] = ()
    reports: tuple[Report, ...] = ()
    round: int = 1
    before: tuple[Report, ...] = ()

    @property
    def done(self) -> bool:
        """Whether every agency that should be there has reported."""
        return {report.agency for report in self.reports} >= set(self.present)

    @property
    def clear(self) -> bool:
        """Whether it is done and everybody found nothing."""
        return self.done and all(report.outcome is Outcome.CLEAR for report in self.reports)

    @property
    def contradictory(self) -> bool:
        """Whether officers who looked at the same thing disagree."""
        return len({report.outcome for report in self.reports}) > 1


class AnswerOutcome(enum.StrEnum):
    """What an agency says of what it asked for: its hold ends, or stays."""

    RELEASE = "release"
    KEEP = "keep"


class Answer(msgspec.Struct, frozen=True):
    """An agency's word on one of its asks; the last one counts.

    ``override`` says that it releases what the steps do not show to be clear. An override (I12), and the end of a
    radiation alarm (I8), is ``two_people``'s: it holds once ``confirmed_by``, a second person of the agency, agreed.
    """

    ask: str
    agency: Agency
    outcome: AnswerOutcome
    by: str
    at: Instant
    reason: str
    override: bool = False
    two_people: bool = False
    confirmed_by: str | None = None

    @property
    def releases(self) -> bool:
        """Whether the hold ends with it."""
        return self.outcome is AnswerOutcome.RELEASE and (not self.two_people or self.confirmed_by is not None)


class Assigned(msgspec.Struct, frozen=True):
    """An officer who takes part in a step, for minutes of the appointment."""

    officer: str
    agency: Agency
    step: StepKind


class Appointment(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where and when, and with whom; ``plan`` names the plan that it comes from.

    ``steps`` are the numbers of those that are done there, before the vehicle moves on; none: all that are left.
    """

    bay: str
    starts_at: Instant
    ends_at: Instant
    people: tuple[Assigned, ...]
    plan: str
    steps: tuple[int, ...] = ()


class SealMark(msgspec.Struct, frozen=True):
    """A seal that was opened or put on: its number, at which step, by whom, when (I7)."""

    seal: str
    put_on: bool
    step: int
    by: str
    at: Instant


class Examination(msgspec.Struct, frozen=True):
    """Everything about one examination. ``version`` counts its changes; ``promised_at`` is when it should begin.

    ``ready_at`` is from when the vehicle can come, ``arrived_at`` when it came to the bay at which it was last;
    ``rules`` is the version that its steps were merged by.
    """

    number: str
    version: int
    state: ExaminationState
    vehicle: Vehicle
    asks: tuple[Ask, ...]
    steps: tuple[Step, ...]
    rules: str
    ordered_at: Instant
    ready_at: Instant
    promised_at: Instant
    changed_at: Instant
    answers: tuple[Answer, ...] = ()
    seals: tuple[SealMark, ...] = ()
    appointment: Appointment | None = None
    called_at: Instant | None = None
    arrived_at: Instant | None = None
    no_shows: int = 0
    closed_at: Instant | None = None
    outcome: str | None = None

    def ask(self, number: str) -> Ask | None:
        """Return an ask by the number of its control order."""
        return next((ask for ask in self.asks if ask.number == number), None)

    def step(self, number: int) -> Step | None:
        """Return a step by its number."""
        return next((step for step in self.steps if step.number == number), None)

    def released(self, number: str) -> bool:
        """Say whether the last answer to an ask ends its hold."""
        answer = self.answered.get(number)
        return answer is not None and answer.releases

    @property
    def answered(self) -> Mapping[str, Answer]:
        """The last answer to each ask."""
        return {answer.ask: answer for answer in self.answers}

    @property
    def seals_open(self) -> bool:
        """Whether a seal was opened and none put on since."""
        return bool(self.seals) and not self.seals[-1].put_on

    @property
    def seals_now(self) -> tuple[str, ...]:
        """The seals that the vehicle carries now: those it came with, less what was opened, and what was put on."""
        carried = dict.fromkeys(self.vehicle.seals)
        for mark in self.seals:
            if mark.put_on:
                carried[mark.seal] = None
            else:
                carried.pop(mark.seal, None)
        return tuple(carried)


def encode(examination: Examination) -> bytes:
    """Return the canonical JSON of an examination."""
    return canonical(examination)


decode = msgspec.json.Decoder(Examination).decode
"""Return the examination behind a row's document."""
