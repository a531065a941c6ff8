"""Merging what all agencies ask of one vehicle into one sheet of steps, each done once, and said why."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from kouan.access.people import Agency
from kouan.inspection.examination.examination import Ask, Examination, Step
from kouan.inspection.examination.rules import Enables, ExaminationRules
from kouan.inspection.steps import StepKind
from kouan.vocabulary.verdict import Reason

_Key = tuple[StepKind, Agency | None]
"""A kind of step, and whose it is where it is not shared."""


def merged(examination: Examination, rules: ExaminationRules) -> Examination:
    """Return the examination with the steps that its asks need from now on.

    What was begun stays, and answers a new ask of the same kind where it is shared and the law does not ask that each
    agency sees for itself. An ask that was released needs nothing more. Doing it twice changes nothing.
    """
    kept, wanted = _wanted(examination, rules)
    fresh = [_fresh(key, asks, rules) for key, asks in wanted.items()]
    fresh += _enabling(examination, kept, fresh, rules)
    fresh.sort(key=lambda step: (rules.rank(step.kind), step.present))
    return replace(examination, steps=(*kept, *_numbered(fresh, examination.steps)), rules=rules.version)


def duration_min(examination: Examination) -> int:
    """Return how many minutes the steps take that are not done yet."""
    return sum(step.minutes for step in examination.steps if not step.done)


def _wanted(examination: Examination, rules: ExaminationRules) -> tuple[list[Step], Mapping[_Key, list[Ask]]]:
    """Return the steps that stay, with the asks that they answer, and what else is to be done."""
    asks, kept = examination.asks, [step for step in examination.steps if step.reports or step.before]
    steps = {step.number: replace(step, asks=(), because=()) for step in kept if _asked_for(step, rules)}
    others = [step for step in kept if not _asked_for(step, rules)]
    wanted: dict[_Key, list[Ask]] = {}
    agencies = {ask.number: ask.agency for ask in asks}
    for ask in asks:
        for kind in ask.steps:
            answering = next((step for step in steps.values() if _answers(step, kind, ask, agencies, rules)), None)
            if answering is not None:
                steps[answering.number] = replace(answering, asks=(*answering.asks, ask.number))
            elif not examination.released(ask.number):
                form = rules.steps[kind]
                found = wanted.setdefault((kind, None if form.shared else ask.agency), [])
                found.append(ask)
    stay = [replace(step, because=_because(step.kind, step.asks, asks, rules)) for step in steps.values()]
    return sorted((*stay, *others), key=lambda step: step.number), wanted


def _asked_for(step: Step, rules: ExaminationRules) -> bool:
    return rules.steps[step.kind].enables is None


def _answers(step: Step, kind: StepKind, ask: Ask, agencies: Mapping[str, Agency], rules: ExaminationRules) -> bool:
    """Say whether a step that was begun answers an ask.

    An agency that asks for the same once more, after the last report, knows that report: it wants another look.
    """
    form = rules.steps[kind]
    if step.kind is not kind or ((form.together or not form.shared) and ask.agency not in step.present):
        return False
    again = ask.at > (step.reports or step.before)[-1].at and ask.agency in [agencies[number] for number in step.asks]
    return not again


def _fresh(key: _Key, asks: Sequence[Ask], rules: ExaminationRules) -> Step:
    kind, own = key
    form = rules.steps[kind]
    asking = tuple(agency for agency in Agency if any(ask.agency is agency for ask in asks))
    present = asking if form.together else (form.lead if own is None else own,)
    numbers = tuple(ask.number for ask in asks)
    return Step(0, kind, numbers, present, form.minutes, _because(kind, numbers, asks, rules))


def _because(
    kind: StepKind, numbers: Sequence[str], asks: Sequence[Ask], rules: ExaminationRules
) -> tuple[Reason, ...]:
    """Say which orders asked for a step, and that it is shared or done together."""
    answered = [ask for ask in asks if ask.number in numbers]
    reasons = [
        Reason("examination.asked", {"agency": ask.agency.value, "kind": ask.kind.value, "order": ask.number})
        for ask in answered
    ]
    agencies = sorted({ask.agency.value for ask in answered})
    if len(agencies) > 1:
        code = "examination.together" if rules.steps[kind].together else "examination.shared"
        reasons.append(Reason(code, {"agencies": " ".join(agencies)}))
    return tuple(reasons)


def _enabling(
    examination: Examination, kept: Sequence[Step], fresh: Sequence[Step], rules: ExaminationRules
) -> list[Step]:
    """Return what nobody asks for and the fresh steps need: the seal opened and put on once, the goods likewise."""
    forms = rules.steps
    looks = [step for step in fresh if forms[step.kind].opens]
    unloads = [step for step in fresh if forms[step.kind].unloads]
    unloaded = _stands(kept, rules, Enables.UNLOADS, Enables.RELOADS)
    needed: list[tuple[Enables, StepKind | None]] = []
    if looks and examination.vehicle.seals and not examination.seals_open:
        needed.append((Enables.OPENS, looks[0].kind))
    if unloads and not unloaded:
        needed.append((Enables.UNLOADS, unloads[0].kind))
    if unloads or unloaded:
        needed.append((Enables.RELOADS, rules.enabling(Enables.UNLOADS)))
    if examination.seals_open or any(what is Enables.OPENS for what, _ in needed):
        needed.append((Enables.SEALS, rules.enabling(Enables.OPENS)))
    steps = []
    for what, by in needed:
        kind = rules.enabling(what)
        because = (Reason("examination.needed_by", {"step": str(by)}),)
        steps.append(Step(0, kind, (), (forms[kind].lead,), forms[kind].minutes, because))
    return steps


def _stands(kept: Sequence[Step], rules: ExaminationRules, made: Enables, undone: Enables) -> bool:
    """Say whether something was made possible by a step and not made good again by a later one."""
    last = None
    for step in kept:
        what = rules.steps[step.kind].enables
        if step.done and what in (made, undone):
            last = what
    return last is made


def _numbered(fresh: Sequence[Step], before: Sequence[Step]) -> list[Step]:
    """Number the fresh steps: as before where the same was wanted before, else on from the highest number."""
    known = {(step.kind, step.present): step.number for step in before if not step.reports and not step.before}
    taken = max((step.number for step in before), default=0)
    numbered = []
    for step in fresh:
        number = known.pop((step.kind, step.present), None)
        if number is None:
            taken += 1
            number = taken
        numbered.append(replace(step, number=number))
    return numbered
