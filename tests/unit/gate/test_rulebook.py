"""Rulebooks: dated, versioned, checked when read."""

import datetime as dt
from collections.abc import Callable

import pytest
from msgspec.structs import replace
from tests.unit.gate.passage_kit import BOOK, GOOD, NOON, ROOT, but
from tests.unit.gate.test_rules import case

from kouan.gate.decide import decide
from kouan.gate.procedures import Outcome
from kouan.gate.rulebook import RuleEntry, make_rulebook, parse_rulebook, verify_rulebook
from kouan.gate.rules import RULES, SAFEGUARDS
from kouan.vocabulary.days import midnight
from kouan.vocabulary.errors import InvalidValue

TEXT = (ROOT / "ports/rulebooks/ganqimaodu.toml").read_text(encoding="utf-8")
BORDER = midnight(dt.date(2023, 9, 1))
"""2023-09-01, when quality sampling of lead and zinc became a matter of request."""


def test_the_rulebook_uses_at_least_twenty_five_rules_each_with_its_source() -> None:
    assert len({entry.check for entry in BOOK.rules}) >= 25
    assert all(entry.source for entry in BOOK.rules)
    assert {check for check, floor in SAFEGUARDS.items() if floor.always} <= {entry.check for entry in BOOK.rules}
    assert set(RULES) - {"hub_heard_lately"} == {entry.check for entry in BOOK.rules}


def test_midnight_is_that_of_china() -> None:
    assert midnight(dt.date(2023, 9, 1)) == int(dt.datetime(2023, 8, 31, 16, tzinfo=dt.UTC).timestamp()) * 1_000_000


def entry(name: str = "papers.in_time", **more: object) -> RuleEntry:
    found = next(rule for rule in BOOK.rules if rule.name == name)
    return replace(found, **more)


def book_with(*entries: RuleEntry) -> tuple[RuleEntry, ...]:
    return (*(rule for rule in BOOK.rules if rule.name not in {added.name for added in entries}), *entries)


@pytest.mark.parametrize(
    ("after_us", "versions"), [(-1, ["papers.in_time@1"]), (0, ["papers.in_time@2"]), (1, ["papers.in_time@2"])]
)
def test_rules_switch_at_midnight_and_not_a_microsecond_before(after_us: int, versions: list[str]) -> None:
    old = entry(effective_until=BORDER)
    new = entry(version=2, effective_from=BORDER, outcome=Outcome.HOLD)
    book = make_rulebook("switch", 2, book_with(old, new))
    late = replace(case(but(papers={"late": True})), at=BORDER + after_us)
    decision = decide(late, (), (), book, BORDER + after_us)
    assert [rule for rule in decision.rules if rule.startswith("papers.in_time")] == versions
    (found,) = [finding for finding in decision.findings if finding.rule == "papers.in_time"]
    assert found.outcome is (Outcome.DIVERT_MANUAL if after_us < 0 else Outcome.HOLD)


@pytest.mark.parametrize(("after_us", "found"), [(-1, True), (0, False)])
def test_a_rule_ends_at_midnight(after_us: int, found: bool) -> None:
    book = make_rulebook("ends", 1, book_with(entry(effective_until=BORDER)))
    late = replace(case(but(papers={"late": True})), at=BORDER + after_us)
    assert ("papers.in_time@1" in decide(late, (), (), book, BORDER).rules) is found


def test_the_day_in_the_file_is_the_day_in_china() -> None:
    book = parse_rulebook(TEXT.replace("effective_from = 2020-01-01", "effective_from = 2023-09-01"))
    declared = next(rule for rule in book.rules if rule.name == "papers.declared_out")
    assert (declared.in_force(BORDER - 1), declared.in_force(BORDER)) == (False, True)


def test_the_digest_is_that_of_what_the_rules_say() -> None:
    verify_rulebook(BOOK)
    changed = parse_rulebook(TEXT.replace("from_dc = 373", "from_dc = 380"))
    assert changed.digest != BOOK.digest
    assert BOOK.reference == f"ganqimaodu@1#{BOOK.digest[:12]}"
    assert parse_rulebook("# another remark\n" + TEXT).digest == BOOK.digest
    with pytest.raises(InvalidValue) as refusal:
        verify_rulebook(replace(changed, digest=BOOK.digest))
    assert refusal.value.rule == "rulebook.digest"


def swap(old: str, new: str) -> Callable[[], object]:
    assert old in TEXT, old
    return lambda: parse_rulebook(TEXT.replace(old, new, 1))


def without(name: str) -> Callable[[], object]:
    return lambda: make_rulebook("b", 1, tuple(rule for rule in BOOK.rules if rule.name != name))


def changed(name: str, **more: object) -> Callable[[], object]:
    return lambda: make_rulebook("b", 1, book_with(entry(name, **more)))


@pytest.mark.parametrize(
    ("make", "rule"),
    [
        (swap('id = "ganqimaodu"', "id = 3"), "rulebook.identity"),
        (swap("version = 1", 'version = "one"'), "rulebook.identity"),
        (swap('id = "ganqimaodu"', 'id = "ganqimaodu"\ncolour = "red"'), "rulebook.unknown_field"),
        (swap('id = "ganqimaodu"', "id ="), "rulebook.toml"),
        (swap('check = "stands_alone"', 'check = "stands_anywhere"'), "rulebook.unknown_rule"),
        (swap('check = "stands_alone"', 'check = "stands_alone"\nparams = { a = 1 }'), "rulebook.params"),
        (swap('check = "stands_alone"', 'check = "stands_alone"\nmood = "mild"'), "rulebook.shape"),
        (swap("fewest = 2", 'fewest = "two"'), "rulebook.params"),
        (swap("effective_from = 2018-04-20", 'effective_from = "2018-04-20"'), "rulebook.day"),
        (swap("effective_from = 2018-04-20", "effective_from = 2018-04-20T00:00:00"), "rulebook.day"),
        (swap('outcome = "DIVERT_MANUAL"', 'outcome = "RELEASE"'), "rulebook.outcome"),
        (swap('"plates.near" = "DIVERT_MANUAL"', '"plates.near" = "RELEASE"'), "rulebook.outcome"),
        (swap('name = "positioning.alone"', 'name = "alone"'), "rulebook.name"),
        (swap('name = "positioning.axles"', 'name = "positioning.alone"'), "rulebook.once"),
        (changed("papers.in_time", version=0), "rulebook.version"),
        (changed("papers.in_time", effective_until=entry().effective_from), "rulebook.dates"),
        (changed("papers.in_time", cap_per_hour=-1), "rulebook.cap"),
        (without("radiation.gamma"), "rulebook.safeguard"),
        (without("seal.match"), "rulebook.safeguard"),
        (changed("radiation.gamma", second_person=False), "rulebook.safeguard"),
        (changed("radiation.gamma", needs_survey=False), "rulebook.safeguard"),
        (changed("radiation.gamma", outcome=Outcome.DIVERT_MANUAL), "rulebook.safeguard"),
        (changed("radiation.gamma", outcomes={"radiation.gamma": Outcome.DIVERT_MANUAL}), "rulebook.safeguard"),
        (changed("radiation.neutron", loads=("loaded",)), "rulebook.safeguard"),
        (changed("radiation.neutron", authority="site"), "rulebook.safeguard"),
        (changed("seal.match", effective_until=BORDER), "rulebook.safeguard"),
    ],
)
def test_a_rulebook_that_breaks_a_rule_is_refused_by_name(make: Callable[[], object], rule: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        make()
    assert refusal.value.rule == rule


def test_two_versions_of_a_rule_are_never_in_force_together() -> None:
    with pytest.raises(InvalidValue) as refusal:
        make_rulebook("b", 1, book_with(entry(), entry(version=2, effective_from=BORDER)))
    assert refusal.value.rule == "rulebook.overlap"


def test_a_gap_in_a_safeguard_is_refused() -> None:
    old = entry("seal.match", effective_until=BORDER)
    new = entry("seal.match", version=2, effective_from=BORDER + 1)
    with pytest.raises(InvalidValue) as refusal:
        make_rulebook("b", 1, book_with(old, new))
    assert refusal.value.mend == "seal_matches_manifest must be in force without a gap"


def test_a_rule_for_one_direction_says_nothing_about_the_other() -> None:
    undeclared = case(GOOD)
    assert "papers.declared_out@1" not in decide(undeclared, (), (), BOOK, NOON).rules
    assert "papers.declared_out@1" in decide(replace(undeclared, direction="out"), (), (), BOOK, NOON).rules
