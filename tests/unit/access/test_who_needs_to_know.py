"""Need to know against an oracle that was written from the text of the policy, apart from its table.

The text is ``docs/reference/need-to-know.md``: its sentences stand above the parts of the oracle.
"""

import itertools

import pytest

from kouan.access.need import NEEDS, PROTECTED, Asking, Matter, MatterKind, Purpose, Stage, compiled, may_read, readable
from kouan.access.people import Agency, Principal, Role
from kouan.access.rules import RULES
from kouan.access.words import Action, Field

PORT = "ganqimaodu"
PERSONAL = {"driver", "health", "aboard"}
TRADE = {"papers", "document", "firm"}
REASONS = {"border_inspection", "customs", "watch_list", "findings"}
READS = {"read"}
ROWS = {"rows"}
PICTURES = {"picture"}


def looks_at_pictures(role: str, agency: str, purpose: str, stage: str, *, on_shift: bool, own_case: bool) -> bool:
    # "Pictures are looked at by lane staff on shift: to check or to examine while it is their authority's case, by a
    # duty officer for a complaint at every stage."
    if agency not in ("border_inspection", "customs", "site") or not on_shift:
        return False
    if purpose == "complaint":
        return role == "duty_officer"
    lane = role in ("lane_operator", "inspector", "duty_officer")
    return lane and purpose in ("control", "examination") and stage == "under_way" and own_case


def reads(role: str, agency: str, purpose: str, field: str, stage: str, *, on_shift: bool, own_case: bool) -> bool:
    # "Those rows are read by planners of the port's authorities, to plan."
    if field in ROWS:
        return role == "planner" and purpose == "planning" and agency in ("border_inspection", "customs", "site")
    # "Who read what is read by the data-protection officer too, to audit."
    if field == "read":
        return role == "data_protection" and purpose == "audit"
    return looks_at_pictures(role, agency, purpose, stage, on_shift=on_shift, own_case=own_case)


def oracle(role: str, agency: str, purpose: str, field: str, stage: str, *, on_shift: bool, own_case: bool) -> bool:
    # "Protected are a person's record, a firm's trade, an authority's reasons, pictures, who read them, and the rows of
    # a study's files."
    if field not in PERSONAL | TRADE | REASONS | READS | PICTURES | ROWS:
        return False
    # "An auditor reads every protected field, at every stage, to audit and for nothing else."
    if role == "auditor":
        return purpose == "audit"
    if field in ROWS | READS | PICTURES:
        return reads(role, agency, purpose, field, stage, on_shift=on_shift, own_case=own_case)
    # "Nobody but officers reads anything else, and no officer reads while off shift."
    if role not in ("inspector", "duty_officer") or not on_shift:
        return False
    # "A complaint is a duty officer's: of what is the own authority's, at every stage, whosever case it is. The site
    # keeps no protected field, so it has none to look into."
    if purpose == "complaint":
        about = {
            "border_inspection": {"driver", "border_inspection", "aboard"},
            "customs": {"health", "papers", "customs", "document", "firm"},
        }
        return role == "duty_officer" and field in about.get(agency, set())
    # "All else is read only while the matter goes on, and only by the authorities to which it is assigned."
    if stage != "under_way" or not own_case:
        return False
    # "What an examination found is read by every authority that takes part in it, to examine."
    if field == "findings":
        return purpose == "examination" and agency in ("border_inspection", "customs", "site")
    # "To check a vehicle or to examine it, border inspection reads who drives it, how many are aboard, and its reasons;
    # customs reads health, papers and its reasons."
    if field in ("driver", "aboard", "border_inspection"):
        return agency == "border_inspection" and purpose in ("control", "examination")
    if agency != "customs":
        return False
    # "Customs reads documents to check, to examine and to release; whose goods they are to release and to target; its
    # watch list to target."
    checks = purpose in ("control", "examination")
    return {
        "health": checks,
        "papers": checks,
        "customs": checks,
        "document": purpose in ("control", "examination", "release"),
        "firm": purpose in ("release", "targeting"),
        "watch_list": purpose == "targeting",
    }.get(field, False)


CELLS = tuple(itertools.product(Role, Agency, Purpose, Field, Stage, (False, True), (False, True)))


def wanted(cell: tuple[Role, Agency, Purpose, Field, Stage, bool, bool]) -> bool:
    role, agency, purpose, field, stage, on_shift, own_case = cell
    return oracle(role, agency, purpose, field, stage, on_shift=on_shift, own_case=own_case)


WANTED = frozenset(cell for cell in CELLS if wanted(cell))


def asked(cell: tuple[Role, Agency, Purpose, Field, Stage, bool, bool]) -> tuple[Asking, Matter, Field]:
    role, agency, purpose, field, stage, on_shift, own_case = cell
    others = frozenset(Agency) - {agency}
    assigned = others | {agency} if own_case else others
    who = Principal("somebody", "Somebody", agency, (role,))
    matter = Matter(MatterKind.PASSAGE, "P1", PORT, stage, assigned, frozenset({field}))
    return Asking(who, PORT, purpose, on_shift), matter, field


def granted_by(rules: tuple[object, ...]) -> frozenset[object]:
    """Return the cells that rules grant, expanded by themselves: shift and case as the rule asks for them."""
    table = compiled(rules)  # type: ignore[arg-type]
    return frozenset(
        (*cell, on_shift, own_case)
        for cell, bounds in table.items()
        for on_shift, own_case in itertools.product((False, True), repeat=2)
        if any((on_shift or not each.shift) and (own_case or not each.case) for each in bounds)
    )


def test_what_may_be_read_is_what_the_text_says_in_every_cell() -> None:
    wrong = [cell for cell in CELLS if may_read(*asked(cell)) != (cell in WANTED)]
    assert wrong == []
    assert len(CELLS) > 50_000


@pytest.mark.parametrize("rule", NEEDS, ids=lambda rule: rule.name.replace(" ", "_"))
def test_no_rule_can_be_taken_away_unnoticed(rule: object) -> None:
    assert granted_by(NEEDS) == WANTED
    assert granted_by(tuple(other for other in NEEDS if other is not rule)) != WANTED


def test_what_is_another_ports_is_read_by_nobody() -> None:
    for cell in WANTED:
        asking, matter, field = asked(cell)
        elsewhere = Asking(asking.who, "erenhot", asking.purpose, asking.on_shift)
        assert not may_read(elsewhere, matter, field)


def test_two_roles_read_what_each_reads_and_no_more() -> None:
    for first, second in itertools.combinations(Role, 2):
        for cell in CELLS[:: len(CELLS) // 997]:
            _, agency, purpose, field, stage, on_shift, own_case = cell
            both = Principal("somebody", "Somebody", agency, (first, second))
            asking, matter, _ = asked(cell)
            alone = [(role, agency, purpose, field, stage, on_shift, own_case) in WANTED for role in (first, second)]
            assert may_read(Asking(both, PORT, purpose, on_shift), matter, field) == any(alone)
            assert asking.purpose == purpose


def test_without_a_purpose_nothing_is_read() -> None:
    matter = Matter(MatterKind.PASSAGE, "P1", PORT, Stage.UNDER_WAY, frozenset(Agency), PROTECTED)
    assert readable(None, matter) == frozenset()


def test_a_protected_field_has_no_way_round_need_to_know() -> None:
    assert {field for rule in NEEDS for field in rule.fields} == PROTECTED
    shown = (Action.WATCH, Action.READ_PAPERS, Action.READ_LEDGER, Action.FOLLOW)
    assert {field for rule in RULES if rule.actions.intersection(shown) for field in rule.fields} & PROTECTED == set()
