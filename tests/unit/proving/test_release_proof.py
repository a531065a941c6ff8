"""The proof about release holds for the shipped rules, and finds every wrong rule and machine that is planted."""

import pytest
from msgspec.structs import replace
from tests.unit.inspection.release.release_kit import BOOK, TEXTS

from kouan.inspection.release.rulebook import parse_document
from kouan.proving.planted.planting import NotPlanted
from kouan.proving.release.explore import Explorer
from kouan.proving.release.machine_bugs import MACHINE_BUGS
from kouan.proving.release.planted import in_machine, in_rules
from kouan.proving.release.proof import Graph, distinct, survey
from kouan.proving.release.rule_bugs import RULE_BUGS, RuleBug

CHOICES, GRAPHS, WRONG = survey(BOOK)
PARTS = distinct(GRAPHS)


def test_every_goods_code_has_the_rule_that_the_announcements_ask_for_on_every_day_that_matters() -> None:
    assert WRONG == []
    assert CHOICES >= 3000


def test_every_version_of_every_rule_is_proven() -> None:
    proven = {graph.rule.reference.partition("+")[0] for graph in GRAPHS.values()}
    assert proven == {rule.reference for rule in BOOK.rules}
    assert {name for _, names in PARTS for name in names} == {graph.rule.reference for graph in GRAPHS.values()}


@pytest.mark.parametrize(("graph", "names"), PARTS, ids=[names[0] for _, names in PARTS])
def test_no_path_sells_goods_before_their_certificate_and_none_is_a_dead_end(graph: Graph, names: list[str]) -> None:
    explored = Explorer(graph.rule, graph.norm).explore()
    assert explored.violations == ()
    assert explored.states > 500
    assert explored.transitions > explored.states


def test_enough_faults_are_planted() -> None:
    assert len(RULE_BUGS) + len(MACHINE_BUGS) >= 12
    names = [bug.name for bug in RULE_BUGS] + [bug.name for bug, _ in MACHINE_BUGS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("bug", RULE_BUGS, ids=lambda bug: bug.name)
def test_every_planted_wrong_rule_is_caught(bug: RuleBug) -> None:
    assert in_rules(TEXTS, bug) is not None


@pytest.mark.parametrize(("bug", "rules"), MACHINE_BUGS, ids=[bug.name for bug, _ in MACHINE_BUGS])
def test_every_planted_wrong_machine_is_caught(bug: object, rules: tuple[str, ...]) -> None:
    assert in_machine(TEXTS, PARTS, bug, rules) is not None  # type: ignore[arg-type]


def test_the_rules_are_right_again_once_the_faults_are_gone() -> None:
    assert survey(BOOK)[2] == []
    graph = next(graph for graph, names in PARTS if "copper_concentrate@1" in names)
    assert Explorer(graph.rule, graph.norm).explore().violations == ()


def test_a_fault_that_no_longer_fits_the_rules_is_no_fault() -> None:
    stale = RuleBug("stale", (("iron_ore@9", "hs", []),), "a version that is gone")
    with pytest.raises(NotPlanted):
        in_rules(TEXTS, stale)
    table = parse_document(TEXTS["release.toml"])["rule"][0]
    with pytest.raises(NotPlanted):
        in_rules(TEXTS, RuleBug("same", ((f"{table['name']}@{table['version']}", "sampling", table["sampling"]),), "-"))
    with pytest.raises(NotPlanted):
        in_machine(TEXTS, PARTS, MACHINE_BUGS[0][0], ("nothing@1",))


def test_the_way_to_a_violation_is_told() -> None:
    graph = next(graph for graph, names in PARTS if "goods_out@1" in names)
    stricter = replace(graph.norm, site=graph.norm.site | {next(iter(PARTS[0][0].norm.site - graph.norm.site))})
    found = Explorer(graph.rule, stricter).explore(first=True).violations
    assert found[0].path[0] == "declared -> declared"
    assert found[0].path[-1].endswith("free")
