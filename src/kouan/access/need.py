"""Need to know (按需知情): who may read a protected field of one matter, for what purpose, at what stage.

``rules.py`` says what somebody's office is; this says when the office is reason enough to read what is somebody
else's: a person's document and health, a firm's trade, another authority's reasons. What no rule allows is denied, and
what is allowed is recorded each time (``reads.py``). The rules are compiled into one table, so that a decision costs
one look-up for each role.
"""

import enum
import itertools
from collections.abc import Mapping

import msgspec

from kouan.access.people import Agency, Principal, Role
from kouan.access.words import Field

PROTECTED = frozenset(
    {
        Field.DRIVER,
        Field.HEALTH,
        Field.PAPERS,
        Field.BORDER_INSPECTION,
        Field.CUSTOMS,
        Field.DOCUMENT,
        Field.FIRM,
        Field.WATCH_LIST,
        Field.FINDINGS,
        Field.ABOARD,
        Field.PICTURE,
        Field.READ,
        Field.ROWS,
    }
)
"""The fields that nobody reads but for a purpose. Our choice, after the Personal Information Protection Law (2021),
articles 6 and 28 (the least that the purpose takes; biometrics and health are sensitive), and the Customs Law,
article 72 (customs keeps the trade secrets of firms)."""


class Purpose(enum.StrEnum):
    """What somebody reads a protected field for; each read records it."""

    CONTROL = "control"
    EXAMINATION = "examination"
    RELEASE = "release"
    TARGETING = "targeting"
    COMPLAINT = "complaint"
    AUDIT = "audit"
    PLANNING = "planning"


class Stage(enum.StrEnum):
    """How far a matter is: it goes on, it is over, or what is read is its entry in the ledger."""

    UNDER_WAY = "under_way"
    CLOSED = "closed"
    RECORDED = "recorded"


class MatterKind(enum.StrEnum):
    """What a protected field belongs to; ``reads`` are all that one person read, under their user name."""

    PASSAGE = "passage"
    PAPER = "paper"
    LOT = "lot"
    CANDIDATE = "candidate"
    WATCH = "watch"
    HOLD = "hold"
    EXAMINATION = "examination"
    VISIT = "visit"
    READS = "reads"
    STUDY = "study"


class Matter(msgspec.Struct, frozen=True):
    """One thing whose protected fields somebody would read.

    ``agencies`` are those to which it is assigned now; ``fields`` the protected fields that it has something in.
    """

    kind: MatterKind
    number: str
    port: str
    stage: Stage
    agencies: frozenset[Agency]
    fields: frozenset[Field]

    @property
    def name(self) -> str:
        """What the matter is called where its reads are recorded, as ``passage:P1``."""
        return f"{self.kind}:{self.number}"


class Asking(msgspec.Struct, frozen=True):
    """Who asks, at which port, for what, and whether on an open shift of their own agency."""

    who: Principal
    port: str
    purpose: Purpose
    on_shift: bool


class Bounds(msgspec.Struct, frozen=True):
    """What a grant asks besides: that the reader is on shift, that the matter is assigned to the reader's agency."""

    shift: bool
    case: bool


class NeedRule(msgspec.Struct, frozen=True):
    """One grant: these roles of these agencies may read these fields for these purposes at these stages."""

    name: str
    roles: frozenset[Role]
    agencies: frozenset[Agency]
    purposes: frozenset[Purpose]
    fields: frozenset[Field]
    stages: frozenset[Stage]
    bounds: Bounds


Cell = tuple[Role, Agency, Purpose, Field, Stage]

_OFFICERS = frozenset({Role.INSPECTOR, Role.DUTY_OFFICER})
_LANE_STAFF = frozenset({Role.LANE_OPERATOR, Role.INSPECTOR, Role.DUTY_OFFICER})
_DUTY = frozenset({Role.DUTY_OFFICER})
_AUDITORS = frozenset({Role.AUDITOR})
_DATA_PROTECTION = frozenset({Role.DATA_PROTECTION})
_PLANNERS = frozenset({Role.PLANNER})
_BORDER = frozenset({Agency.BORDER_INSPECTION})
_CUSTOMS = frozenset({Agency.CUSTOMS})
_AUTHORITIES = frozenset({Agency.BORDER_INSPECTION, Agency.CUSTOMS, Agency.SITE})
_NOW = frozenset({Stage.UNDER_WAY})
_OWN_CASE = Bounds(shift=True, case=True)
_ON_SHIFT = Bounds(shift=True, case=False)
_FREE = Bounds(shift=False, case=False)


def _for(*purposes: Purpose) -> frozenset[Purpose]:
    return frozenset(purposes)


def _of(*fields: Field) -> frozenset[Field]:
    return frozenset(fields)


NEEDS: tuple[NeedRule, ...] = (
    NeedRule(
        "border inspection reads who drives a vehicle that it checks, and how many are aboard",
        _OFFICERS, _BORDER, _for(Purpose.CONTROL, Purpose.EXAMINATION), _of(Field.DRIVER, Field.ABOARD), _NOW,
        _OWN_CASE,
    ),
    NeedRule(
        "border inspection reads its reasons", _OFFICERS, _BORDER, _for(Purpose.CONTROL, Purpose.EXAMINATION),
        _of(Field.BORDER_INSPECTION), _NOW, _OWN_CASE,
    ),
    NeedRule(
        "customs reads health and papers of a vehicle that it checks, and its reasons",
        _OFFICERS, _CUSTOMS, _for(Purpose.CONTROL, Purpose.EXAMINATION),
        _of(Field.HEALTH, Field.PAPERS, Field.CUSTOMS), _NOW, _OWN_CASE,
    ),
    NeedRule(
        "customs reads documents to check, to examine and to release",
        _OFFICERS, _CUSTOMS, _for(Purpose.CONTROL, Purpose.EXAMINATION, Purpose.RELEASE), _of(Field.DOCUMENT), _NOW,
        _OWN_CASE,
    ),
    NeedRule(
        "customs reads whose goods it releases or targets",
        _OFFICERS, _CUSTOMS, _for(Purpose.RELEASE, Purpose.TARGETING), _of(Field.FIRM), _NOW, _OWN_CASE,
    ),
    NeedRule(
        "customs reads its watch list to target",
        _OFFICERS, _CUSTOMS, _for(Purpose.TARGETING), _of(Field.WATCH_LIST), _NOW, _OWN_CASE,
    ),
    NeedRule(
        "an authority reads what the others found in an examination that it takes part in",
        _OFFICERS, _AUTHORITIES, _for(Purpose.EXAMINATION), _of(Field.FINDINGS), _NOW, _OWN_CASE,
    ),
    NeedRule(
        "lane staff look at the pictures of what their authority checks or examines",
        _LANE_STAFF, _AUTHORITIES, _for(Purpose.CONTROL, Purpose.EXAMINATION), _of(Field.PICTURE), _NOW, _OWN_CASE,
    ),
    NeedRule(
        "duty officers look at pictures for a complaint",
        _DUTY, _AUTHORITIES, _for(Purpose.COMPLAINT), _of(Field.PICTURE), frozenset(Stage), _ON_SHIFT,
    ),
    NeedRule(
        "border inspection's duty officers look into complaints",
        _DUTY, _BORDER, _for(Purpose.COMPLAINT), _of(Field.DRIVER, Field.BORDER_INSPECTION, Field.ABOARD),
        frozenset(Stage), _ON_SHIFT,
    ),
    NeedRule(
        "customs' duty officers look into complaints",
        _DUTY, _CUSTOMS, _for(Purpose.COMPLAINT),
        _of(Field.HEALTH, Field.PAPERS, Field.CUSTOMS, Field.DOCUMENT, Field.FIRM), frozenset(Stage), _ON_SHIFT,
    ),
    NeedRule(
        "data protection reads who read what, to audit",
        _DATA_PROTECTION, frozenset(Agency), _for(Purpose.AUDIT), _of(Field.READ), frozenset(Stage), _FREE,
    ),
    NeedRule(
        "planners read the rows of their port's files to plan",
        _PLANNERS, _AUTHORITIES, _for(Purpose.PLANNING), _of(Field.ROWS), frozenset(Stage), _FREE,
    ),
    NeedRule(
        "auditors read everything to audit", _AUDITORS, frozenset(Agency), _for(Purpose.AUDIT), PROTECTED,
        frozenset(Stage), _FREE,
    ),
)  # fmt: skip
"""Our choice, after the separation of duties in ``domain.md``: who checks reads while it is checked, on shift, what is
its own authority's; what is over is read by a duty officer whom somebody complained to, or by an auditor."""


def cells_of(rule: NeedRule) -> Mapping[Cell, Bounds]:
    """Return every combination that a rule grants, with what it asks besides."""
    cells = itertools.product(rule.roles, rule.agencies, rule.purposes, rule.fields, rule.stages)
    return dict.fromkeys(cells, rule.bounds)


def compiled(rules: tuple[NeedRule, ...]) -> Mapping[Cell, tuple[Bounds, ...]]:
    """Return every combination that some rule grants, with what each of them asks besides."""
    found: dict[Cell, tuple[Bounds, ...]] = {}
    for rule in rules:
        for cell, bounds in cells_of(rule).items():
            found[cell] = (*found.get(cell, ()), bounds)
    return found


_GRANTED = compiled(NEEDS)
_NONE: tuple[Bounds, ...] = ()


def may_read(asking: Asking, matter: Matter, field: Field) -> bool:
    """Say whether a protected field of a matter may be read; a field that is not protected is none of this table's."""
    who = asking.who
    if asking.port != matter.port:
        return False
    agency, purpose, stage = who.agency, asking.purpose, matter.stage
    for role in who.roles:
        for bounds in _GRANTED.get((role, agency, purpose, field, stage), _NONE):
            if (asking.on_shift or not bounds.shift) and (agency in matter.agencies or not bounds.case):
                return True
    return False


def readable(asking: Asking | None, matter: Matter) -> frozenset[Field]:
    """Return the protected fields of a matter that may be read; none where no purpose is given."""
    if asking is None:
        return frozenset()
    return frozenset(field for field in matter.fields if may_read(asking, matter, field))
