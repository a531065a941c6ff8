"""What the steps of an examination need and how they go together: read from a dated TOML document, checked as a whole.

Steps stand in the order in which they are done. Errors name the table that is wrong: ``steps.scan.minutes``.
"""

import enum
import tomllib
from collections.abc import Mapping

import msgspec

from kouan.access.people import Agency
from kouan.inspection.control_orders import AUTHORITIES, ControlKind
from kouan.inspection.steps import MAKING, StepKind
from kouan.vocabulary.errors import InvalidValue


class Skill(enum.StrEnum):
    """What an officer is trained for."""

    PERSONS = "persons"
    GOODS = "goods"
    QUARANTINE = "quarantine"
    RADIATION = "radiation"
    SCANNING = "scanning"
    HANDLING = "handling"


class BayFeature(enum.StrEnum):
    """What a bay has."""

    COVERED = "covered"
    COLD = "cold"
    SCANNER = "scanner"
    DOCK = "dock"


class Enables(enum.StrEnum):
    """What a step that nobody asks for makes possible, or makes good again."""

    OPENS = "opens"
    UNLOADS = "unloads"
    RELOADS = "reloads"
    SEALS = "seals"


class StepForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one kind of step needs.

    ``shared``: one act answers everybody who asked; ``together``: each agency that asked has an officer there, and each
    reports. ``opens`` and ``unloads``: only with the seal opened, the goods unloaded.
    """

    minutes: int
    lead: Agency
    skill: Skill
    shared: bool = False
    together: bool = False
    opens: bool = False
    unloads: bool = False
    needs: tuple[BayFeature, ...] = ()
    enables: Enables | None = None


class Times(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a driver is called, how long he has to come, and how far bays are planned ahead; minutes, hours.

    ``move_min`` is what a vehicle takes from one bay to another; without it nobody moves, and one bay has all it needs.
    """

    call_ahead_min: int
    no_show_min: int
    turn_over_min: int
    horizon_h: int
    promise_min: int
    promise_green_min: int
    move_min: int | None = None


class ExaminationRules(msgspec.Struct, frozen=True):
    """A checked document; ``version`` is the one that decisions cite, its dates are those of the document."""

    version: str
    steps: Mapping[StepKind, StepForm]
    orders: Mapping[Agency, Mapping[ControlKind, tuple[StepKind, ...]]]
    times: Times
    overrides_per_hour: int

    def rank(self, kind: StepKind) -> int:
        """Return the place of a kind of step in the order in which steps are done."""
        return tuple(self.steps).index(kind)

    def enabling(self, what: Enables) -> StepKind:
        """Return the step that makes something possible."""
        return next(kind for kind, form in self.steps.items() if form.enables is what)

    def asked_by(self, agency: Agency, kind: ControlKind) -> tuple[StepKind, ...]:
        """Return what an order of this kind asks for where it does not say; a watch asks for nothing."""
        return self.orders[agency].get(kind, ())


class _Overrides(msgspec.Struct, forbid_unknown_fields=True):
    cap_per_hour: int


class _Document(msgspec.Struct, forbid_unknown_fields=True):
    version: int
    title: str
    source: str
    steps: dict[StepKind, StepForm]
    orders: dict[Agency, dict[ControlKind, tuple[StepKind, ...]]]
    times: Times
    overrides: _Overrides
    unverified: bool = False


def parse_rules(content: bytes) -> ExaminationRules:
    """Return the rules of a TOML text; raise InvalidValue with the field and the rule that it breaks."""
    try:
        document = msgspec.convert(tomllib.loads(content.decode("utf-8")), _Document)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidValue("", "examination.toml", f"is not TOML: {error}") from error
    except msgspec.ValidationError as error:
        text_, _, place = str(error).partition(" - at `$.")
        raise InvalidValue(place.rstrip("`"), "examination.form", text_[:1].lower() + text_[1:]) from error
    _check(document)
    return ExaminationRules(
        version=str(document.version),
        steps=document.steps,
        orders=document.orders,
        times=document.times,
        overrides_per_hour=document.overrides.cap_per_hour,
    )


def _check(document: _Document) -> None:
    lacking = [kind for kind in StepKind if kind not in document.steps]
    if lacking:
        raise InvalidValue("steps", "examination.steps", f"must say what {', '.join(lacking)} needs")
    if {kind for kind, form in document.steps.items() if form.enables is not None} != MAKING:
        raise InvalidValue("steps", "examination.enables", f"only {', '.join(sorted(MAKING))} enable something")
    for what in Enables:
        if sum(form.enables is what for form in document.steps.values()) != 1:
            raise InvalidValue("steps", "examination.enables", f"must have one step that {what}")
    for kind, form in document.steps.items():
        if form.minutes < 1:
            raise InvalidValue(f"steps.{kind}.minutes", "examination.minutes", "must be at least 1")
        if form.together and not form.shared:
            raise InvalidValue(f"steps.{kind}.together", "examination.together", "only a shared step is done together")
    if document.times.move_min is not None and document.times.move_min < 1:
        raise InvalidValue("times.move_min", "examination.minutes", "must be at least 1")
    _check_orders(document)
    _check_order(document)


def _check_orders(document: _Document) -> None:
    for agency in AUTHORITIES:
        asked = document.orders.get(agency, {})
        lacking = [kind for kind in ControlKind if kind is not ControlKind.WATCH and not asked.get(kind)]
        if lacking:
            raise InvalidValue(f"orders.{agency}.{lacking[0]}", "examination.orders", "must ask for a step")
        if any(step in MAKING for steps in asked.values() for step in steps):
            raise InvalidValue(f"orders.{agency}", "examination.orders", "must ask for steps that show something")


def _check_order(document: _Document) -> None:
    """Refuse an order of steps in which something closed, sealed or loaded would be looked into."""
    place = {kind: number for number, kind in enumerate(document.steps)}
    enabling = {form.enables: kind for kind, form in document.steps.items() if form.enables is not None}
    opened, closed = place[enabling[Enables.OPENS]], place[enabling[Enables.SEALS]]
    unloaded, loaded = place[enabling[Enables.UNLOADS]], place[enabling[Enables.RELOADS]]
    for kind, form in document.steps.items():
        if form.opens and not opened < place[kind] < closed:
            raise InvalidValue(f"steps.{kind}", "examination.order", "must stand between opening and sealing")
        if form.unloads and not unloaded < place[kind] < loaded:
            raise InvalidValue(f"steps.{kind}", "examination.order", "must stand between unloading and reloading")
        if kind is StepKind.SCAN and place[kind] > opened:
            raise InvalidValue(f"steps.{kind}", "examination.order", "must stand before the seal is opened")
    if not opened < unloaded < loaded < closed:
        raise InvalidValue("steps", "examination.order", "must open, unload, reload and seal in this order")
