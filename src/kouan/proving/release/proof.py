"""The proof over a set of release rules: which rule is chosen for what and when, and every state under each of them."""

from collections.abc import Callable, Iterator, Sequence

import msgspec
from msgspec.structs import replace

from kouan.inspection.release.rule import Leaves, Need, ReleaseRule, Unloading
from kouan.inspection.release.rulebook import ReleaseBook
from kouan.proving.release.explore import Explored, Explorer, Violation
from kouan.proving.release.norms import IRON, NORMS, Norm, days_that_matter, norm_for, with_rule
from kouan.vocabulary.clock import Instant, seconds
from kouan.vocabulary.places import Direction
from kouan.vocabulary.verdict import Refused

UNNAMED = ("8703101100", "260111", "260700")
"""Goods that no announcement names: a car; and iron and lead ore under six digits."""

TRAVEL = seconds(14 * 86_400)
"""How long goods arrive after they were declared. Our choice: as long as a declaration may run ahead of them."""

_ORDER = (Need.NONE, Need.ON_REQUEST, Need.REQUIRED)


class Case(msgspec.Struct, frozen=True):
    """Goods, and when they were declared and arrived."""

    hs_code: str
    direction: Direction
    declared_at: Instant
    arrived_at: Instant


class Graph(msgspec.Struct, frozen=True):
    """What is explored once: a rule, stripped of what no transition looks at, and the norm that it is held against."""

    rule: ReleaseRule
    norm: Norm


class Proof(msgspec.Struct, frozen=True):
    """What was proven: how many choices and rule versions were looked at, states and transitions, and what is wrong."""

    choices: int
    versions: tuple[str, ...]
    graphs: int
    states: int
    transitions: int
    violations: tuple[Violation, ...]


def cases(book: ReleaseBook) -> Iterator[Case]:
    """Yield all goods that a rule or norm names, on both sides of every midnight at which anything changes."""
    named = [code for rule in book.rules for code in rule.hs]
    named += [code for dated in NORMS for code in dated.hs]
    codes = dict.fromkeys((*IRON, *(code.ljust(10, "0") for code in named), *UNNAMED))
    for direction in Direction:
        for code in codes:
            for declared_at in _moments(book):
                yield Case(code, direction, declared_at, declared_at)
                yield Case(code, direction, declared_at, declared_at + TRAVEL)
            for unloading in book.unloadings:
                for arrived_at in _edges(unloading):
                    yield Case(code, direction, arrived_at - TRAVEL, arrived_at)


def _moments(book: ReleaseBook) -> Sequence[Instant]:
    """Return the instants at which something changes, and the microsecond before each, in order."""
    changes = {edge for rule in book.rules for edge in _edges(rule)} | set(days_that_matter())
    first = min(rule.effective_from for rule in book.rules)
    return sorted({moment for change in changes for moment in (change - 1, change) if moment >= first})


def _edges(rule: ReleaseRule | Unloading) -> Iterator[Instant]:
    for edge in (rule.effective_from, rule.effective_until):
        if edge is not None:
            yield from (edge - 1, edge)


def choose(book: ReleaseBook, case: Case) -> ReleaseRule | Refused:
    """Return the rule that a lot ends up under, release on unloading included."""
    rule = book.choose(case.hs_code, case.direction, case.declared_at, case.arrived_at)
    if isinstance(rule, Refused):
        return rule
    return book.unload(rule, case.hs_code, case.direction, case.declared_at, case.arrived_at)


def survey(book: ReleaseBook) -> tuple[int, dict[str, Graph], list[Violation]]:
    """Return how many choices were looked at, a graph for each rule and norm that meet, and what is wrong."""
    graphs: dict[str, Graph] = {}
    found: dict[str, Violation] = {}
    count = 0
    for case in cases(book):
        count += 1
        rule = choose(book, case)
        where = f"{case.hs_code} {case.direction} declared {case.declared_at}"
        if isinstance(rule, Refused):
            found.setdefault(case.hs_code, Violation("", "goods have no release rule", (where,)))
            continue
        norm = norm_for(case.hs_code, case.direction, case.declared_at)
        if norm is not None and (laxer := laxer_than(norm, rule)):
            found.setdefault(f"{rule.reference} {laxer}", Violation(rule.reference, laxer, (where,)))
        graph = Graph(rule, with_rule(norm, rule))
        graphs.setdefault(f"{rule.reference} {graph.norm}", graph)
    reached = {graph.rule.reference.partition("+")[0] for graph in graphs.values()}
    for rule in book.rules:
        if rule.reference not in reached:
            found[rule.reference] = Violation(rule.reference, "no goods ever come under this rule")
    return count, graphs, list(found.values())


def laxer_than(norm: Norm, rule: ReleaseRule) -> str | None:
    """Return where a rule asks for less than the announcements, or takes away what they grant; None where it does not.

    What it asks of goods at their destination, excluded ones must pass on site: that is seen in the states.
    """
    wrong = {
        "the rule certifies less than the announcements": _ORDER.index(rule.certificate)
        < _ORDER.index(norm.certificate),
        "the rule tests less than the announcements": _ORDER.index(rule.sampling) < _ORDER.index(norm.tests),
        "goods leave before their result": rule.leaves is Leaves.ON_CONDITION and not norm.early,
        "goods may not leave before their result": rule.leaves is not Leaves.ON_CONDITION and norm.early,
        "a check on site is missing": not norm.site <= set(rule.site_checks),
        "a check at the destination is missing": not norm.destination <= set(rule.destination_checks),
        "goods are certified that nobody asked for": norm.exempt and rule.certificate is Need.REQUIRED,
        "reports are accepted for too long": rule.report is not None and rule.report.valid_days > norm.report_days,
    }
    return next((text for text, is_so in wrong.items() if is_so), None)


def alike(graph: Graph) -> Graph:
    """Return a graph without names and dates, which no transition looks at; an unlisted agency stands for any."""
    rule = replace(graph.rule, name="rule", version=1, effective_from=0, effective_until=None, hs=(), source="proof")
    if rule.report is not None and not rule.report.agencies:
        rule = replace(rule, report=replace(rule.report, agencies=("agency",)))
    return Graph(replace(rule, unloading=None, unverified=False, dated_by=rule.dated_by), graph.norm)


def distinct(graphs: dict[str, Graph]) -> list[tuple[Graph, list[str]]]:
    """Return each graph that differs in what happens, with the references of the rules that it stands for."""
    found: dict[Graph, list[str]] = {}
    for graph in graphs.values():
        names = found.setdefault(alike(graph), [])
        if graph.rule.reference not in names:
            names.append(graph.rule.reference)
    return list(found.items())


def prove(book: ReleaseBook, tick: Callable[[int, int], None] | None = None) -> Proof:
    """Prove a set of release rules; ``tick`` hears how many graphs of how many are done."""
    count, graphs, violations = survey(book)
    explored: list[Explored] = []
    parts = distinct(graphs)
    for graph, names in parts:
        one = Explorer(graph.rule, graph.norm).explore()
        violations += [replace(each, rule=", ".join(names)) for each in one.violations]
        explored.append(one)
        if tick is not None:
            tick(len(explored), len(parts))
    return Proof(
        choices=count,
        versions=tuple(dict.fromkeys(graph.rule.reference for graph in graphs.values())),
        graphs=len(parts),
        states=sum(one.states for one in explored),
        transitions=sum(one.transitions for one in explored),
        violations=tuple(violations),
    )
