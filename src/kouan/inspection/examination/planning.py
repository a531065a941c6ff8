"""From examinations, a roster and the rules to what a planner is asked, and from its answer to appointments.

The near future is frozen: a vehicle that was called, or stands at its bay, keeps it, and so do its officers.
"""

import hashlib
import tomllib
from collections.abc import Mapping, Sequence

import msgspec

from kouan.access.people import Agency
from kouan.inspection.examination.bays import Bay, BayPlan, BayProblem, Job, Need, Officer, Placed, Span
from kouan.inspection.examination.examination import (
    PRESENT,
    WAITING,
    Appointment,
    Assigned,
    Examination,
    ExaminationState,
    Step,
)
from kouan.inspection.examination.moves import MINUTE, ahead
from kouan.inspection.examination.rules import BayFeature, Enables, ExaminationRules, Skill
from kouan.ledger.entries import canonical
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.days import day_of, midnight
from kouan.vocabulary.errors import InvalidValue

GREEN_WEIGHT = 4
"""What a minute of a perishable load's waiting costs, against 1. Our choice."""

MISSED_WEIGHT = 1
"""What it costs where a driver was called and did not come. Our choice: the same, but his turn begins anew."""

LEAST_MIN = 5
"""How long a vehicle that overran its appointment is thought to need still. Our choice."""


class RosterBay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A bay of the port."""

    name: str
    features: tuple[BayFeature, ...] = ()


class RosterOfficer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An officer and his daily shift in China, ``08:00`` to ``20:00``; over midnight where it ends earlier."""

    name: str
    agency: Agency
    skills: tuple[Skill, ...]
    begins: str
    ends: str


class Roster(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The bays of a port, and who works at them."""

    bays: tuple[RosterBay, ...]
    officers: tuple[RosterOfficer, ...]


def parse_roster(text: str) -> Roster:
    """Return the roster of a TOML document; raise InvalidValue with what is wrong."""
    try:
        roster = msgspec.convert(tomllib.loads(text), Roster)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise InvalidValue("", "roster.form", str(error)[:1].lower() + str(error)[1:]) from error
    for kind, names in (("bays", [each.name for each in roster.bays]), ("officers", [o.name for o in roster.officers])):
        if not names or len(set(names)) != len(names):
            raise InvalidValue(kind, "roster.names", "must be named, each once")
    for officer in roster.officers:
        for time in (officer.begins, officer.ends):
            _minute_of_day(officer.name, time)
    return roster


def problem_of(
    examinations: Sequence[Examination], roster: Roster, rules: ExaminationRules, now: Instant
) -> BayProblem:
    """Return what is to be planned of the examinations that go on, in the order in which they were ordered."""
    fixed = [each for each in examinations if each.appointment is not None and each.state not in WAITING]
    waiting = sorted(
        (each for each in examinations if each.state in WAITING), key=lambda each: (each.ready_at, each.number)
    )
    horizon = rules.times.horizon_h * 60
    return BayProblem(
        bays=tuple(
            Bay(each.name, each.features, tuple(_stays(one, rules, now) for one in fixed if _at(one) == each.name))
            for each in roster.bays
        ),
        officers=tuple(
            Officer(
                each.name,
                each.agency,
                each.skills,
                shifts_of(each, now, horizon),
                tuple(_stays(one, rules, now) for one in fixed if _works_at(one, each.name)),
            )
            for each in roster.officers
        ),
        jobs=tuple(job_of(each, rules, now) for each in waiting),
        horizon=horizon,
    )


def parts_of(examination: Examination, rules: ExaminationRules) -> list[tuple[Step, ...]]:
    """Return the steps still to be done, those together that are done at one bay, in the order of the bays.

    Where vehicles move, a bay is held by no step that does without it: what shows without opening goes to the kind of
    bay that it needs, each once, and what is opened stays where it is opened, last.
    """
    left = ahead(examination)
    if rules.times.move_min is None or examination.seals_open or not left:
        return [left]
    opening = rules.rank(rules.enabling(Enables.OPENS))
    opened = tuple(step for step in left if rules.rank(step.kind) >= opening)
    parts: dict[frozenset[BayFeature], tuple[Step, ...]] = {}
    for step in left:
        if step not in opened:
            needed = _needed((step,), rules)
            parts[needed] = (*parts.get(needed, ()), step)
    last = (*parts.pop(_needed(opened, rules), ()), *opened) if opened else ()
    return [*parts.values(), *((last,) if last else ())]


def job_of(examination: Examination, rules: ExaminationRules, now: Instant) -> Job:
    """Return what an examination needs next as a job: its steps one after the other, each with its people."""
    part, *later = parts_of(examination, rules)
    needs: list[Need] = []
    at = 0
    for step in part:
        form = rules.steps[step.kind]
        end = at + step.minutes
        needs += [Need(step.kind, agency, _skill_of(agency, form.lead, form.skill), at, end) for agency in step.present]
        at = end
    return Job(
        number=examination.number,
        ready=max(0, _minutes(examination.ready_at - now)),
        minutes=at + rules.times.turn_over_min,
        needs=_blocks(needs),
        features=tuple(sorted(_needed(part, rules))),
        waited=max(0, (now - examination.ordered_at) // MINUTE),
        due=_minutes(examination.promised_at - now),
        weight=GREEN_WEIGHT if examination.vehicle.perishable else MISSED_WEIGHT,
        steps=tuple(step.number for step in part) if later else (),
    )


def appointments_of(
    plan: BayPlan, problem: BayProblem, rules: ExaminationRules, now: Instant
) -> Mapping[str, Appointment]:
    """Return the appointment of each examination that a plan places, by its number."""
    jobs = {job.number: job for job in problem.jobs}
    name = hashlib.sha256(canonical({"at": now, "plan": plan.placed})).hexdigest()[:12]
    turn_over = rules.times.turn_over_min
    return {
        each.job: _appointment(each, jobs[each.job], turn_over, now, f"{plan.method}-{name}") for each in plan.placed
    }


def shifts_of(officer: RosterOfficer, now: Instant, horizon: int) -> tuple[Span, ...]:
    """Return an officer's shifts that touch the horizon, in minutes from now."""
    begins, ends = _minute_of_day(officer.name, officer.begins), _minute_of_day(officer.name, officer.ends)
    length = (ends - begins) % 1440 or 1440
    today = midnight(day_of(now))
    spans = []
    for day in range(-1, horizon // 1440 + 2):
        start = _minutes(today + (day * 1440 + begins) * MINUTE - now)
        if start + length > 0 and start < horizon:
            spans.append(Span(max(0, start), start + length))
    return tuple(spans)


def keeps(standing: Appointment | None, fresh: Appointment) -> bool:
    """Say whether a fresh appointment says the same as the standing one, whichever plan it comes from."""
    return standing is not None and msgspec.structs.replace(standing, plan=fresh.plan) == fresh


def _appointment(placed: Placed, job: Job, turn_over: int, now: Instant, plan: str) -> Appointment:
    start = now + placed.start * MINUTE
    people = tuple(
        Assigned(name, need.agency, need.step) for need, name in zip(job.needs, placed.officers, strict=True)
    )
    return Appointment(placed.bay, start, start + (job.minutes - turn_over) * MINUTE, people, plan, job.steps)


def _needed(steps: Sequence[Step], rules: ExaminationRules) -> frozenset[BayFeature]:
    """Return what a bay must have for some steps."""
    return frozenset(feature for step in steps for feature in rules.steps[step.kind].needs)


def _skill_of(agency: Agency, lead: Agency, skill: Skill) -> Skill:
    """Return what an officer must be trained for: the step's skill, or his own agency's where another leads."""
    own = {Agency.BORDER_INSPECTION: Skill.PERSONS, Agency.CUSTOMS: Skill.GOODS, Agency.SITE: Skill.HANDLING}
    return skill if agency is lead else own.get(agency, skill)


def _blocks(needs: Sequence[Need]) -> tuple[Need, ...]:
    """Join what the same people do one after the other, so that who begins also goes on."""
    blocks: list[Need] = []
    for need in needs:
        last = next((each for each in reversed(blocks) if (each.agency, each.skill) == (need.agency, need.skill)), None)
        if last is not None and last.end == need.start:
            blocks[blocks.index(last)] = msgspec.structs.replace(last, end=need.end)
        else:
            blocks.append(need)
    return tuple(blocks)


def _stays(examination: Examination, rules: ExaminationRules, now: Instant) -> Span:
    """Return how long a vehicle that was called, or is there, takes its bay and its officers."""
    appointment = examination.appointment
    ends_at = 0 if appointment is None else appointment.ends_at
    begun = examination.arrived_at if examination.state in PRESENT else None
    if begun is not None and appointment is not None:
        ends_at = begun + (appointment.ends_at - appointment.starts_at)
    ends = max(_minutes(ends_at - now), LEAST_MIN) + rules.times.turn_over_min
    called = examination.state is ExaminationState.CALLED and appointment is not None
    return Span(max(0, _minutes(appointment.starts_at - now)) if called and appointment is not None else 0, ends)


def _at(examination: Examination) -> str | None:
    return None if examination.appointment is None else examination.appointment.bay


def _works_at(examination: Examination, officer: str) -> bool:
    present = examination.state is ExaminationState.CALLED or examination.state in PRESENT
    people = () if examination.appointment is None else examination.appointment.people
    return present and any(each.officer == officer for each in people)


def _minutes(span_us: int) -> int:
    """Return whole minutes, rounded up: nobody is planned before he can come."""
    return -(-span_us // MINUTE)


def _minute_of_day(field: str, time: str) -> int:
    hours, colon, minutes = time.partition(":")
    if not colon or not (hours.isdecimal() and minutes.isdecimal()) or int(hours) > 24 or int(minutes) > 59:
        raise InvalidValue(field, "roster.time", "must be hours and minutes, as in 08:00")
    return int(hours) * 60 + int(minutes)
