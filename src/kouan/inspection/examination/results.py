"""What officers report of steps, and what agencies answer: nobody speaks for another (I7, I12)."""

from msgspec.structs import replace

from kouan.access.people import Agency
from kouan.inspection.examination.examination import (
    PRESENT,
    Answer,
    AnswerOutcome,
    Examination,
    Found,
    Outcome,
    Report,
    SealMark,
    Step,
)
from kouan.inspection.examination.merging import merged
from kouan.inspection.examination.moves import Moved, changed, settled
from kouan.inspection.examination.rules import Enables, ExaminationRules
from kouan.inspection.steps import StepKind
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.verdict import Refused, refuse

SEAL_DIFFERS = "seal.differs"
"""The finding that is made of itself where a seal is not the declared one (I7)."""


def report(standing: Examination, number: int, said: Report, rules: ExaminationRules) -> Moved:
    """Take in what an officer found at a step; each agency that should be there reports once a round."""
    step = standing.step(number)
    refusal = _unreportable(standing, step, said, rules)
    if refusal is not None or step is None:
        return refusal or refuse("examination.no_step", field="step", mend="must be a step of the sheet")
    enables = rules.steps[step.kind].enables
    if enables is Enables.OPENS and set(said.seals) != set(standing.seals_now):
        said = replace(said, outcome=Outcome.ADVERSE, found=(*said.found, Found(SEAL_DIFFERS, " ".join(said.seals))))
    done = replace(step, reports=(*step.reports, said))
    moved = changed(
        standing, said.at, steps=tuple(done if each.number == number else each for each in standing.steps),
        seals=(*standing.seals, *_marks(standing, step, said, enables)),
    )  # fmt: skip
    return settled(moved, rules)


def _unreportable(standing: Examination, step: Step | None, said: Report, rules: ExaminationRules) -> Refused | None:
    if standing.state not in PRESENT:
        return refuse("examination.not_at_bay", field="state", mend="must stand at its bay")
    if step is None:
        return refuse("examination.no_step", field="step", mend="must be a step of the sheet")
    if said.agency not in step.present:
        return refuse("examination.not_yours", field="step", mend=f"is for {' '.join(step.present)} to report")
    if said.agency in [each.agency for each in step.reports]:
        return refuse("examination.reported", field="step", mend="was reported; order it done again to change that")
    before = _before(standing, step, rules)
    if before is not None:
        return refuse("examination.order", field="step", mend=f"comes after {before}")
    return _incomplete(standing, step, said, rules)


def _incomplete(standing: Examination, step: Step, said: Report, rules: ExaminationRules) -> Refused | None:
    """Say what a report of this kind of step lacks."""
    if said.outcome is Outcome.ADVERSE and not said.found:
        return refuse("examination.nothing_found", field="found", mend="must say what was found")
    if step.kind is StepKind.WEIGHT and (said.mass_kg is None or said.mass_kg <= 0):
        return refuse("examination.mass", field="mass_kg", mend="must give the mass in kilograms")
    if step.kind is StepKind.RADIATION and said.outcome is Outcome.CLEAR and not said.pictures:
        return refuse("examination.evidence", field="pictures", mend="must bring the reading's picture (I8)")
    enables = rules.steps[step.kind].enables
    if enables in (Enables.OPENS, Enables.SEALS) and not said.seals:
        return refuse("examination.seal_number", field="seals", mend="must name the seal")
    if enables is Enables.SEALS and set(said.seals) & _worn(standing):
        return refuse("examination.seal_worn", field="seals", mend="must be a seal that was not on this vehicle before")
    return None


def _before(standing: Examination, step: Step, rules: ExaminationRules) -> StepKind | None:
    """Return a step that has to be done before this one: what opens or unloads for it, or what it closes again."""
    form = rules.steps[step.kind]
    for other in standing.steps:
        if other.done or other.number == step.number:
            continue
        theirs = rules.steps[other.kind]
        blocks = (
            (form.opens and theirs.enables is Enables.OPENS)
            or (form.unloads and theirs.enables is Enables.UNLOADS)
            or (form.enables is Enables.RELOADS and (theirs.unloads or theirs.enables is Enables.UNLOADS))
            or (form.enables is Enables.SEALS and (theirs.opens or theirs.enables is not None))
            or (form.enables is Enables.OPENS and other.kind is StepKind.SCAN)
        )
        if blocks:
            return other.kind
    return None


def _worn(standing: Examination) -> set[str]:
    return {*standing.vehicle.seals, *(mark.seal for mark in standing.seals)}


def _marks(standing: Examination, step: Step, said: Report, enables: Enables | None) -> list[SealMark]:
    """Return the seals that a report opens (all that the vehicle carries) or puts on."""
    if enables is Enables.OPENS:
        opened = dict.fromkeys((*said.seals, *standing.seals_now))
        return [SealMark(seal, put_on=False, step=step.number, by=said.by, at=said.at) for seal in opened]
    if enables is Enables.SEALS:
        return [SealMark(seal, put_on=True, step=step.number, by=said.by, at=said.at) for seal in said.seals]
    return []


def do_again(standing: Examination, number: int, agency: Agency, rules: ExaminationRules, now: Instant) -> Moved:
    """Order a step done once more; what was reported before stays on the sheet and counts no longer."""
    step = standing.step(number)
    if standing.state not in PRESENT:
        return refuse("examination.not_at_bay", field="state", mend="must stand at its bay")
    if step is None or not step.reports:
        return refuse("examination.not_reported", field="step", mend="must be a step that was reported")
    if rules.steps[step.kind].enables is not None:
        return refuse("examination.enabling", field="step", mend="nobody asks for it by itself")
    agencies = [ask.agency for ask in standing.asks if ask.number in step.asks]
    if agency not in agencies:
        return refuse("examination.not_yours", field="step", mend="must have asked for it")
    if rules.steps[step.kind].opens and standing.vehicle.seals and not standing.seals_open:
        return refuse("examination.sealed_again", field="step", mend="place a control order for it: the seal is on")
    again = replace(step, reports=(), round=step.round + 1, before=(*step.before, *step.reports))
    steps = tuple(again if each.number == number else each for each in standing.steps)
    answers = tuple(answer for answer in standing.answers if answer.ask not in step.asks or answer.releases)
    return settled(changed(standing, now, steps=steps, answers=answers), rules)


def answer(standing: Examination, said: Answer, rules: ExaminationRules) -> Moved:  # noqa: PLR0911 - one a rule
    """Take in an agency's word on one of its asks.

    It releases what all its steps show to be clear. What is missing, adverse or contradictory keeps the vehicle; only
    an override ends that, and it counts once a second person of the agency confirmed it.
    """
    ask = standing.ask(said.ask)
    if standing.state not in PRESENT:
        return refuse("examination.not_at_bay", field="state", mend="must stand at its bay")
    if ask is None:
        return refuse("examination.not_asked", field="order", mend="must be a control order of this examination")
    if said.agency is not ask.agency:
        return refuse("examination.not_yours", field="order", mend=f"only {ask.agency} answers it")
    if not said.reason.strip():
        return refuse("examination.reason", field="reason", mend="must say why")
    if standing.released(said.ask):
        return refuse("examination.released", field="order", mend="was answered, and its hold is lifted")
    if said.outcome is AnswerOutcome.RELEASE and not said.override:
        against = objections(standing, said.ask)
        if against is not None:
            return against
    second = said.override or StepKind.RADIATION in ask.steps
    answers = (*standing.answers, replace(said, confirmed_by=None, two_people=second))
    return settled(merged(changed(standing, said.at, answers=answers), rules), rules)


def objections(standing: Examination, number: str) -> Refused | None:
    """Return why an ask cannot be released by what its steps show: missing, adverse or contradictory results."""
    steps = [step for step in standing.steps if number in step.asks]
    missing = [step.kind.value for step in steps if not step.done]
    if missing or not steps:
        mend = f"must have the results of {' '.join(missing)}"
        return refuse("examination.results_missing", field="order", mend=mend)
    apart = [step.kind.value for step in steps if step.contradictory]
    if apart:
        mend = f"officers disagree on {' '.join(apart)}: do it again"
        return refuse("examination.contradictory", field="order", mend=mend)
    adverse = [step.kind.value for step in steps if not step.clear]
    if adverse:
        return refuse("examination.adverse", field="order", mend=f"something was found at {' '.join(adverse)}")
    return None


def confirm(
    standing: Examination, number: str, agency: Agency, by: str, rules: ExaminationRules, now: Instant
) -> Moved:
    """Agree, as a second person of the agency, with a release that takes two; with that its hold ends (I8, I12)."""
    said = standing.answered.get(number)
    if standing.state not in PRESENT:
        return refuse("examination.not_at_bay", field="state", mend="must stand at its bay")
    if said is None or said.outcome is AnswerOutcome.KEEP or not said.two_people or said.confirmed_by is not None:
        return refuse(
            "examination.nothing_to_confirm", field="order", mend="must be a release that waits for a second person"
        )
    if agency is not said.agency:
        return refuse("examination.not_yours", field="order", mend=f"only {said.agency} confirms it")
    if by == said.by:
        return refuse("examination.same_person", field="order", mend="must be another person")
    agreed = replace(said, confirmed_by=by)
    answers = tuple(agreed if each is said else each for each in standing.answers)
    return settled(merged(changed(standing, now, answers=answers), rules), rules)
