"""Every cell of role × agency × action × field × state, against an oracle that was written apart from the rules.

The oracle is prose in another order: the rules say what a role may do, the oracle asks of each action who may do it.
"""

import itertools

import msgspec
import pytest

from kouan.access.people import Agency, Principal, Role
from kouan.access.policy import compiled, fields_of, may, may_concerning, sees_all
from kouan.access.rules import RULES
from kouan.access.words import Action, Field, State
from kouan.gate.corrections import CORRECTABLE
from kouan.vocabulary.verdict import GRANTED
from kouan.web.entry_kinds import CORRECTED

AT_THE_GATE = ("border_inspection", "customs", "site")
LANE = ("lane_operator", "inspector", "duty_officer")
OFFICER = ("inspector", "duty_officer")
PASSAGE = (
    "collecting", "awaiting_verdicts", "in_review", "ordered", "opened", "cleared", "diverted", "refused", "abandoned",
)  # fmt: skip
MEASURED = ("positioning", "plates", "container", "seal", "weight", "radiation", "decision")
AFTER_ORDER = ("ordered", "opened", "cleared", "diverted", "recorded")


def sees_of_a_passage(role: str, agency: str, field: str, state: str) -> bool:
    """Say who sees a passage's field, on the lane's screen or (``recorded``) in the ledger's entries."""
    if role == "auditor":
        return field in (*MEASURED, "site", "vehicle", "order")
    if agency not in AT_THE_GATE:
        return False
    match field:
        case "site":
            return role in LANE
        case "order":
            return role == "duty_officer" and state in AFTER_ORDER
    return False


def watches_targeting(role: str, agency: str, _: str) -> bool:
    return role == "auditor" or (role in OFFICER and agency == "customs")


def watches_what_is_customs(role: str, agency: str, state: str) -> bool:
    return state == "none" and (role == "auditor" or (role in OFFICER and agency == "customs"))


def watches_examinations(role: str, agency: str, state: str) -> bool:
    return state == "none" and (role == "auditor" or (agency in AT_THE_GATE and role in LANE))


def watches_the_yard(role: str, agency: str, state: str) -> bool:
    return role == "auditor" or (agency in AT_THE_GATE and role in (LANE if state == "none" else OFFICER))


def watches_lots(role: str, agency: str, state: str) -> bool:
    return state == "none" and (role == "auditor" or (role in OFFICER and agency in ("customs", "site")))


def watches_rules(role: str, agency: str, _: str) -> bool:
    return role == "auditor" or (role in OFFICER and agency in AT_THE_GATE)


BESIDE_PASSAGES = {
    "targeting": watches_targeting,
    "sample": watches_what_is_customs,
    "examination": watches_examinations,
    "yard": watches_the_yard,
    "lot": watches_lots,
    "rules": watches_rules,
}
"""Who watches what is no part of a passage, at work (``none``) and in the ledger (``recorded``)."""


def watches(role: str, agency: str, field: str, state: str) -> bool:
    lane = role in LANE and agency in AT_THE_GATE
    looks_on = lane or role in ("auditor", "administrator")
    if field in BESIDE_PASSAGES:
        return state in ("none", "recorded") and BESIDE_PASSAGES[field](role, agency, state)
    if state == "none":
        return looks_on and field in ("port", "hold")
    if field == "review":
        return looks_on and state == "in_review"
    if state in PASSAGE and lane and field in (*MEASURED, "vehicle"):
        return True
    if state == "recorded":
        if field == "account" and role in ("auditor", "administrator"):
            return True
        officer = role in ("inspector", "duty_officer") and agency in AT_THE_GATE
        if officer and field in (*MEASURED, "vehicle"):
            return True
    if role == "administrator":
        return field == "vehicle" and state in PASSAGE
    return sees_of_a_passage(role, agency, field, state)


def reads_ledger(role: str, agency: str, field: str, state: str) -> bool:
    officer = role in ("inspector", "duty_officer") and agency in AT_THE_GATE
    reads_all = role in ("auditor", "administrator", "data_protection")
    return field == "entry" and state == "none" and (officer or reads_all)


def acknowledges(role: str, agency: str, field: str, state: str) -> bool:
    who = {"region": ("region_officer",), "port": ("duty_officer",), "alarm": LANE}
    return state == "none" and agency in AT_THE_GATE and role in who.get(field, ())


def reviews_reads(role: str, agency: str, field: str, state: str) -> bool:
    return field == "read" and state == "none" and role in ("data_protection", "auditor")


def corrects(role: str, agency: str, field: str, state: str) -> bool:
    who = {
        "plates": AT_THE_GATE,
        "papers": AT_THE_GATE,
        "container": ("customs", "site"),
        "seal": ("customs",),
        "driver": ("border_inspection",),
    }
    return state == "in_review" and role in LANE and agency in who.get(field, ())


GATE_ACTS = {
    "review": ("review", "in_review", LANE),
    "confirm": ("review", "in_review", LANE),
    "steer_lane": ("lane", "none", ("lane_operator", "duty_officer")),
    "place_hold": ("hold", "none", ("inspector", "duty_officer")),
    "examine": ("examination", "none", ("inspector", "duty_officer")),
    "write_rules": ("rules", "none", ("inspector", "duty_officer")),
    "upload_image": ("picture", "none", ("inspector", "duty_officer")),
    "keep_shift": ("shift", "none", LANE),
    "plan_duty": ("shift", "none", ("duty_officer",)),
    "read_papers": ("paper", "none", LANE),
    "steer_region": ("region", "none", ("region_officer",)),
    "watch_region": ("region", "none", ("region_officer",)),
    "study": ("study", "none", ("planner",)),
}
"""Acts of those who decide at the gate: on what, when, and by whom."""

YARD_ACTS = {
    "work_yard": ("yard", "none", LANE),
    "steer_yard": ("yard", "none", ("duty_officer",)),
    "order_pickup": ("yard", "none", ("duty_officer",)),
    "inspect_lot": ("lot", "none", ("inspector", "duty_officer")),
}
"""Acts of the yard's own people."""

BORDER_ACTS = {"excuse_people": ("yard", "none", ("inspector", "duty_officer"))}
"""Acts of border inspection alone."""

CUSTOMS_ACTS = {
    "attest": ("paper", "none", ("inspector", "duty_officer")),
    "steer_targeting": ("targeting", "none", ("inspector", "duty_officer")),
    "inspect_lot": ("lot", "none", ("inspector", "duty_officer")),
    "release_lot": ("lot", "none", ("inspector", "duty_officer")),
}
"""Acts of customs alone."""

OTHER_ACTS = {
    "watch_region": ("region", "none", ("auditor", "administrator")),
    "read_papers": ("paper", "none", ("auditor",)),
    "submit_papers": ("paper", "none", ("carrier",)),
    "upload_image": ("picture", "none", ("camera",)),
    "manage_accounts": ("account", "none", ("administrator",)),
    "forget_person": ("person", "none", ("administrator",)),
    "plan_duty": ("shift", "none", ("administrator",)),
}
"""Acts for which the agency does not matter."""


OWN_ACTS = {
    ("carrier", "read_papers", "paper", "none"),
    ("carrier", "request_test", "lot", "none"),
    ("carrier", "order_pickup", "yard", "none"),
    ("carrier", "follow", "vehicle", "none"),
}
"""What is done only to what names a firm of one's account, whatever the agency."""

BOUND_ACTS = {("carrier", "submit_papers", "paper", "none")}
"""What an account that acts for firms does only to what names one of them, and one that acts for none to everything."""


def oracle(role: str, agency: str, action: str, field: str, state: str) -> bool:
    looks = {"watch": watches, "read_ledger": reads_ledger, "correct": corrects, "review_reads": reviews_reads}
    looks |= {"acknowledge": acknowledges}
    if action in looks:
        return looks[action](role, agency, field, state)
    tables = (GATE_ACTS, OTHER_ACTS) if agency in AT_THE_GATE else (OTHER_ACTS,)
    tables += (CUSTOMS_ACTS,) if agency == "customs" else ()
    tables += (YARD_ACTS,) if agency == "site" else ()
    tables += (BORDER_ACTS,) if agency == "border_inspection" else ()
    found = [table[action] for table in tables if action in table]
    return any((field, state) == (about, when) and role in who for about, when, who in found)


WANTED = frozenset(
    cell for cell in itertools.product(Role, Agency, Action, Field, State) if oracle(*(part.value for part in cell))
)
OWN = frozenset(
    cell
    for cell in itertools.product(Role, Agency, Action, Field, State)
    if (cell[0].value, *(part.value for part in cell[2:])) in OWN_ACTS
)
BOUND = frozenset(
    cell
    for cell in itertools.product(Role, Agency, Action, Field, State)
    if (cell[0].value, *(part.value for part in cell[2:])) in BOUND_ACTS
)
PEOPLE = tuple(
    Principal("somebody", "Somebody", agency, roles)
    for agency in Agency
    for roles in (*((role,) for role in Role), *itertools.combinations(Role, 2))
)
"""Everybody with one role, and with two; none acts for a firm."""

MINE, THEIRS = "91150000MA0XXXXX0X", "91350100M000100Y43"


def test_what_is_asked_is_answered_as_the_oracle_does_in_every_cell() -> None:
    wrong, cells = [], 0
    for somebody, action, field, state in itertools.product(PEOPLE, Action, Field, State):
        cells += 1
        granted = may(somebody, action, field, state) is GRANTED
        if granted != any((role, somebody.agency, action, field, state) in WANTED for role in somebody.roles):
            wrong.append((somebody.roles, somebody.agency, action, field, state, granted))
    assert wrong == []
    assert cells >= 100_000


def test_what_names_no_firm_of_ones_own_is_answered_as_if_one_acted_for_none() -> None:
    wrong, granted = [], 0
    people = [each for each in PEOPLE if len(each.roles) == 1]
    for somebody, action, field, state in itertools.product(people, Action, Field, (State.NONE, State.RECORDED)):
        whole = any((role, somebody.agency, action, field, state) in WANTED for role in somebody.roles)
        own = any((role, somebody.agency, action, field, state) in OWN for role in somebody.roles)
        firm = msgspec.structs.replace(somebody, firms=(MINE,))
        free = any(
            (role, somebody.agency, action, field, state) in WANTED - BOUND for role in somebody.roles
        )  # of what a firm can do, everything that it does to all
        found = [
            may_concerning(who, action, field, firms, state) is GRANTED
            for who in (somebody, firm)
            for firms in ((), (THEIRS,), (MINE,), (THEIRS, MINE))
        ]
        if found != [whole] * 4 + [free] * 2 + [whole or own] * 2 or sees_all(firm, action, field, state) != free:
            wrong.append((somebody.roles, somebody.agency, action, field, state, found))
        if sees_all(somebody, action, field, state) != whole:
            wrong.append((somebody.roles, somebody.agency, action, field, state, "sees_all"))
        if (may(firm, action, field, state) is GRANTED) != (whole or own):
            wrong.append((somebody.roles, somebody.agency, action, field, state, "may"))
        granted += own and not whole
    assert wrong == []
    assert granted >= len(OWN_ACTS) * len(Agency)


def test_what_is_only_ones_own_counts_for_nothing_where_all_of_a_field_is_asked() -> None:
    for agency in Agency:
        assert fields_of((Role.CARRIER,), agency, Action.READ_PAPERS, State.NONE) == frozenset()
        assert fields_of((Role.CARRIER,), agency, Action.FOLLOW, State.NONE) == frozenset()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name.replace(" ", "_"))
def test_no_rule_can_be_taken_away_unnoticed(rule: object) -> None:
    left = tuple(other for other in RULES if other is not rule)
    assert compiled(tuple(one for one in RULES if not one.own)) == WANTED
    assert compiled(tuple(one for one in RULES if one.own)) == OWN
    assert compiled(tuple(one for one in RULES if one.bound)) == BOUND
    whole, own = (compiled(tuple(one for one in left if one.own is mine)) for mine in (False, True))
    assert (whole, own) != (WANTED, OWN)


def test_who_may_correct_what_is_the_same_at_the_desk_and_in_the_gate() -> None:
    assert CORRECTED.keys() == CORRECTABLE.keys()
    for name, (_, authorities) in CORRECTABLE.items():
        asked = (Action.CORRECT, CORRECTED[name])
        agencies = {agency for _, agency, action, field, _ in WANTED if (action, field) == asked}
        assert agencies == {Agency(authority.value) for authority in authorities}
