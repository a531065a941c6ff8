"""The rules of access, as a table: what roles of agencies may do to which fields, in which states."""

import msgspec

from kouan.access.people import Agency, Role
from kouan.access.words import Action, Field, State


class Rule(msgspec.Struct, frozen=True):
    """One grant: people of these roles, in these agencies, may do these actions to these fields in these states.

    ``own`` limits it to what concerns a firm that the account names; to an account that names none it grants nothing.
    ``bound`` limits it likewise for an account that names firms, and leaves one that names none free.
    """

    name: str
    roles: frozenset[Role]
    agencies: frozenset[Agency]
    actions: frozenset[Action]
    fields: frozenset[Field]
    states: frozenset[State]
    own: bool = False
    bound: bool = False


_ANYONE = frozenset(Agency)
_AUTHORITIES = frozenset({Agency.BORDER_INSPECTION, Agency.CUSTOMS, Agency.SITE})
_BORDER = frozenset({Agency.BORDER_INSPECTION})
_CUSTOMS = frozenset({Agency.CUSTOMS})
_SITE = frozenset({Agency.SITE})
_LANE_STAFF = frozenset({Role.LANE_OPERATOR, Role.INSPECTOR, Role.DUTY_OFFICER})
_OFFICERS = frozenset({Role.INSPECTOR, Role.DUTY_OFFICER})
_PASSAGE = frozenset(State) - {State.RECORDED, State.NONE}
_ORDERED = frozenset({State.ORDERED, State.OPENED, State.CLEARED, State.DIVERTED, State.RECORDED})
_ANYTIME = _PASSAGE | {State.RECORDED}
_APART = frozenset({State.NONE})
_IN_LEDGER = frozenset({State.RECORDED})
_TO_REVIEW = frozenset({State.IN_REVIEW})
_MEASURED = frozenset(
    {Field.POSITIONING, Field.PLATES, Field.CONTAINER, Field.SEAL, Field.WEIGHT, Field.RADIATION, Field.DECISION}
)


def _one(role: Role) -> frozenset[Role]:
    return frozenset({role})


def _acts(*actions: Action) -> frozenset[Action]:
    return frozenset(actions)


def _on(*fields: Field) -> frozenset[Field]:
    return frozenset(fields)


RULES: tuple[Rule, ...] = (
    # The port as a whole
    Rule("lane staff watch the port", _LANE_STAFF, _AUTHORITIES, _acts(Action.WATCH), _on(Field.PORT), _APART),
    Rule("auditors watch the port", _one(Role.AUDITOR), _ANYONE, _acts(Action.WATCH), _on(Field.PORT), _APART),
    Rule(
        "administrators watch the port", _one(Role.ADMINISTRATOR), _ANYONE, _acts(Action.WATCH), _on(Field.PORT), _APART
    ),
    # Alarms
    Rule(
        "duty officers acknowledge the port's own alarms", _one(Role.DUTY_OFFICER), _AUTHORITIES,
        _acts(Action.ACKNOWLEDGE), _on(Field.PORT), _APART,
    ),
    Rule(
        "lane staff acknowledge their own authority's alarms", _LANE_STAFF, _AUTHORITIES, _acts(Action.ACKNOWLEDGE),
        _on(Field.ALARM), _APART,
    ),
    # A passage at the gate
    Rule(
        "lane staff see the vehicle", _LANE_STAFF, _AUTHORITIES, _acts(Action.WATCH), _on(Field.VEHICLE), _PASSAGE,
    ),
    Rule(
        "administrators see which vehicle it is", _one(Role.ADMINISTRATOR), _ANYONE, _acts(Action.WATCH),
        _on(Field.VEHICLE), _PASSAGE,
    ),
    Rule("lane staff see what was measured", _LANE_STAFF, _AUTHORITIES, _acts(Action.WATCH), _MEASURED, _PASSAGE),
    Rule(
        "the yard's reasons are everybody's at the gate", _LANE_STAFF, _AUTHORITIES, _acts(Action.WATCH),
        _on(Field.SITE), _ANYTIME,
    ),
    Rule(
        "duty officers see signed orders", _one(Role.DUTY_OFFICER), _AUTHORITIES, _acts(Action.WATCH), _on(Field.ORDER),
        _ORDERED,
    ),
    Rule(
        "auditors see what was measured at every passage", _one(Role.AUDITOR), _ANYONE, _acts(Action.WATCH),
        _MEASURED | _on(Field.VEHICLE, Field.SITE, Field.ORDER), _ANYTIME,
    ),
    # Reviews
    Rule(
        "lane staff see the review queue", _LANE_STAFF, _AUTHORITIES, _acts(Action.WATCH), _on(Field.REVIEW),
        _TO_REVIEW,
    ),
    Rule(
        "auditors and administrators see the review queue", frozenset({Role.AUDITOR, Role.ADMINISTRATOR}), _ANYONE,
        _acts(Action.WATCH), _on(Field.REVIEW), _TO_REVIEW,
    ),
    Rule(
        "lane staff decide and confirm reviews", _LANE_STAFF, _AUTHORITIES, _acts(Action.REVIEW, Action.CONFIRM),
        _on(Field.REVIEW), _TO_REVIEW,
    ),
    Rule(
        "lane staff correct plates, or look for papers again", _LANE_STAFF, _AUTHORITIES, _acts(Action.CORRECT),
        _on(Field.PLATES, Field.PAPERS), _TO_REVIEW,
    ),
    Rule(
        "customs and the yard correct container numbers", _LANE_STAFF, frozenset({Agency.CUSTOMS, Agency.SITE}),
        _acts(Action.CORRECT), _on(Field.CONTAINER), _TO_REVIEW,
    ),
    Rule("customs corrects seals", _LANE_STAFF, _CUSTOMS, _acts(Action.CORRECT), _on(Field.SEAL), _TO_REVIEW),
    Rule(
        "border inspection corrects the crew", _LANE_STAFF, _BORDER, _acts(Action.CORRECT), _on(Field.DRIVER),
        _TO_REVIEW,
    ),
    # Lanes, holds and papers
    Rule(
        "operators and duty officers steer lanes", frozenset({Role.LANE_OPERATOR, Role.DUTY_OFFICER}), _AUTHORITIES,
        _acts(Action.STEER_LANE), _on(Field.LANE), _APART,
    ),
    Rule("officers place and lift holds", _OFFICERS, _AUTHORITIES, _acts(Action.PLACE_HOLD), _on(Field.HOLD), _APART),
    Rule("lane staff see holds", _LANE_STAFF, _AUTHORITIES, _acts(Action.WATCH), _on(Field.HOLD), _APART),
    Rule(
        "auditors and administrators see holds", frozenset({Role.AUDITOR, Role.ADMINISTRATOR}), _ANYONE,
        _acts(Action.WATCH), _on(Field.HOLD), _APART,
    ),
    Rule("lane staff read papers", _LANE_STAFF, _AUTHORITIES, _acts(Action.READ_PAPERS), _on(Field.PAPER), _APART),
    Rule("auditors read papers", _one(Role.AUDITOR), _ANYONE, _acts(Action.READ_PAPERS), _on(Field.PAPER), _APART),
    Rule(
        "carriers hand in papers, for their own firms where they have any", _one(Role.CARRIER), _ANYONE,
        _acts(Action.SUBMIT_PAPERS), _on(Field.PAPER), _APART, bound=True,
    ),
    Rule(
        "carriers read papers that name their firm", _one(Role.CARRIER), _ANYONE, _acts(Action.READ_PAPERS),
        _on(Field.PAPER), _APART, own=True,
    ),
    Rule(
        "carriers follow their firm's vehicles", _one(Role.CARRIER), _ANYONE, _acts(Action.FOLLOW), _on(Field.VEHICLE),
        _APART, own=True,
    ),
    Rule(
        "customs officers attest the status of declarations, certificates and results", _OFFICERS, _CUSTOMS,
        _acts(Action.ATTEST), _on(Field.PAPER), _APART,
    ),
    # Release
    Rule(
        "officers of customs and the yard see lots, and report what they check", _OFFICERS, _CUSTOMS | _SITE,
        _acts(Action.WATCH, Action.INSPECT_LOT), _on(Field.LOT), _APART,
    ),
    Rule("customs officers release lots", _OFFICERS, _CUSTOMS, _acts(Action.RELEASE_LOT), _on(Field.LOT), _APART),
    Rule("auditors see lots", _one(Role.AUDITOR), _ANYONE, _acts(Action.WATCH), _on(Field.LOT), _APART),
    Rule("customs officers see samples", _OFFICERS, _CUSTOMS, _acts(Action.WATCH), _on(Field.SAMPLE), _APART),
    Rule("auditors see samples", _one(Role.AUDITOR), _ANYONE, _acts(Action.WATCH), _on(Field.SAMPLE), _APART),
    Rule(
        "consignees ask for tests of their own lots", _one(Role.CARRIER), _ANYONE, _acts(Action.REQUEST_TEST),
        _on(Field.LOT), _APART, own=True,
    ),
    # Examinations
    Rule(
        "officers examine vehicles, and answer for their own agency", _OFFICERS, _AUTHORITIES, _acts(Action.EXAMINE),
        _on(Field.EXAMINATION), _APART,
    ),
    Rule(
        "lane staff see examinations", _LANE_STAFF, _AUTHORITIES, _acts(Action.WATCH), _on(Field.EXAMINATION), _APART
    ),
    Rule(
        "auditors see examinations", _one(Role.AUDITOR), _ANYONE, _acts(Action.WATCH), _on(Field.EXAMINATION), _APART
    ),
    Rule(
        "officers bring pictures of what they examine", _OFFICERS, _AUTHORITIES, _acts(Action.UPLOAD_IMAGE),
        _on(Field.PICTURE), _APART,
    ),
    Rule("cameras bring images", _one(Role.CAMERA), _ANYONE, _acts(Action.UPLOAD_IMAGE), _on(Field.PICTURE), _APART),
    # Targeting
    Rule(
        "customs officers see what is targeted, on the board and in the ledger", _OFFICERS, _CUSTOMS,
        _acts(Action.WATCH), _on(Field.TARGETING), _APART | _IN_LEDGER,
    ),
    Rule(
        "auditors see what is targeted, on the board and in the ledger", _one(Role.AUDITOR), _ANYONE,
        _acts(Action.WATCH), _on(Field.TARGETING), _APART | _IN_LEDGER,
    ),
    Rule(
        "customs officers steer targeting", _OFFICERS, _CUSTOMS, _acts(Action.STEER_TARGETING), _on(Field.TARGETING),
        _APART,
    ),
    # Rule documents
    Rule(
        "officers see what rules are in force, and write their own authority's", _OFFICERS, _AUTHORITIES,
        _acts(Action.WATCH, Action.WRITE_RULES), _on(Field.RULES), _APART,
    ),
    Rule(
        "officers see in the ledger who changed a rule", _OFFICERS, _AUTHORITIES, _acts(Action.WATCH), _on(Field.RULES),
        _IN_LEDGER,
    ),
    Rule(
        "auditors see rules, and who changed them", _one(Role.AUDITOR), _ANYONE, _acts(Action.WATCH), _on(Field.RULES),
        _APART | _IN_LEDGER,
    ),
    # The ledger
    Rule("officers read the ledger", _OFFICERS, _AUTHORITIES, _acts(Action.READ_LEDGER), _on(Field.ENTRY), _APART),
    Rule(
        "auditors and administrators read the ledger", frozenset({Role.AUDITOR, Role.ADMINISTRATOR}), _ANYONE,
        _acts(Action.READ_LEDGER), _on(Field.ENTRY), _APART,
    ),
    Rule(
        "officers see what was measured in the ledger", _OFFICERS, _AUTHORITIES, _acts(Action.WATCH),
        _MEASURED | _on(Field.VEHICLE), _IN_LEDGER,
    ),
    # The supervised yard
    Rule("lane staff watch the yard", _LANE_STAFF, _AUTHORITIES, _acts(Action.WATCH), _on(Field.YARD), _APART),
    Rule(
        "auditors watch the yard, and its entries in the ledger", _one(Role.AUDITOR), _ANYONE, _acts(Action.WATCH),
        _on(Field.YARD), _APART | _IN_LEDGER,
    ),
    Rule(
        "officers see the yard's entries in the ledger", _OFFICERS, _AUTHORITIES, _acts(Action.WATCH), _on(Field.YARD),
        _IN_LEDGER,
    ),
    Rule(
        "the yard's staff unload, tally and stack", _LANE_STAFF, _SITE, _acts(Action.WORK_YARD), _on(Field.YARD), _APART
    ),
    Rule(
        "the yard's duty officers mend holds, state losses, keep scales and warrants", _one(Role.DUTY_OFFICER), _SITE,
        _acts(Action.STEER_YARD, Action.ORDER_PICKUP), _on(Field.YARD), _APART,
    ),
    Rule(
        "consignees order pick-ups of their own lots", _one(Role.CARRIER), _ANYONE, _acts(Action.ORDER_PICKUP),
        _on(Field.YARD), _APART, own=True,
    ),
    Rule(
        "border inspection excuses who is aboard", _OFFICERS, _BORDER, _acts(Action.EXCUSE_PEOPLE), _on(Field.YARD),
        _APART,
    ),
    # The region, at its hub
    Rule(
        "region officers watch the region and acknowledge its alarms", _one(Role.REGION_OFFICER), _AUTHORITIES,
        _acts(Action.WATCH_REGION, Action.ACKNOWLEDGE), _on(Field.REGION), _APART,
    ),
    Rule(
        "region officers tell the ports what is in force", _one(Role.REGION_OFFICER), _AUTHORITIES,
        _acts(Action.STEER_REGION), _on(Field.REGION), _APART,
    ),
    Rule(
        "auditors and administrators watch the region", frozenset({Role.AUDITOR, Role.ADMINISTRATOR}), _ANYONE,
        _acts(Action.WATCH_REGION), _on(Field.REGION), _APART,
    ),
    # Accounts and persons
    Rule(
        "administrators manage accounts", _one(Role.ADMINISTRATOR), _ANYONE, _acts(Action.MANAGE_ACCOUNTS),
        _on(Field.ACCOUNT), _APART,
    ),
    Rule(
        "administrators and auditors see accounts in the ledger", frozenset({Role.AUDITOR, Role.ADMINISTRATOR}),
        _ANYONE, _acts(Action.WATCH), _on(Field.ACCOUNT), _IN_LEDGER,
    ),
    Rule(
        "administrators have persons forgotten", _one(Role.ADMINISTRATOR), _ANYONE, _acts(Action.FORGET_PERSON),
        _on(Field.PERSON), _APART,
    ),
    # Need to know
    Rule(
        "lane staff open and close their shift", _LANE_STAFF, _AUTHORITIES, _acts(Action.KEEP_SHIFT), _on(Field.SHIFT),
        _APART,
    ),
    Rule(
        "duty officers plan who is on duty", _one(Role.DUTY_OFFICER), _AUTHORITIES, _acts(Action.PLAN_DUTY),
        _on(Field.SHIFT), _APART,
    ),
    Rule(
        "administrators plan who is on duty", _one(Role.ADMINISTRATOR), _ANYONE, _acts(Action.PLAN_DUTY),
        _on(Field.SHIFT), _APART,
    ),
    Rule(
        "data protection and auditors ask who read what", frozenset({Role.DATA_PROTECTION, Role.AUDITOR}), _ANYONE,
        _acts(Action.REVIEW_READS), _on(Field.READ), _APART,
    ),
    Rule(
        "data protection reads the ledger", _one(Role.DATA_PROTECTION), _ANYONE, _acts(Action.READ_LEDGER),
        _on(Field.ENTRY), _APART,
    ),
    # Planning
    Rule(
        "planners study the port from its files", _one(Role.PLANNER), _AUTHORITIES, _acts(Action.STUDY),
        _on(Field.STUDY), _APART,
    ),
)  # fmt: skip
"""Our choice, after the separation of duties in ``domain.md``: border inspection decides on persons, customs on goods
and health, the yard on safety and slots; who administers accounts decides nothing at a lane; who audits only reads."""
