"""Wrong rules and wrong machines: each is planted, and the proof must find it. A run that misses one is void."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from kouan.inspection.release.rulebook import parse_book, parse_document, read_book
from kouan.proving.planted.planting import NotPlanted, Planted, planted
from kouan.proving.release.explore import Explorer
from kouan.proving.release.machine_bugs import MACHINE_BUGS
from kouan.proving.release.proof import Graph, distinct, survey
from kouan.proving.release.rule_bugs import RULE_BUGS, RuleBug
from kouan.vocabulary.errors import InvalidValue

Texts = Mapping[str, str]
"""The rule files by name."""


class Caught(msgspec.Struct, frozen=True):
    """What became of one planted fault: what found it, None where it was missed."""

    name: str
    by: str | None
    story: str


def hunt(texts: Texts, tick: Callable[[int, int], None] | None = None) -> list[Caught]:
    """Plant every fault and say what found it; raise NotPlanted where one no longer fits the rules or the code."""
    total = len(RULE_BUGS) + len(MACHINE_BUGS)
    caught: list[Caught] = []
    book = parse_book(list(texts.values()))
    graphs = distinct(survey(book)[1])
    for rule_bug in RULE_BUGS:
        caught.append(Caught(rule_bug.name, in_rules(texts, rule_bug), rule_bug.story))
        if tick is not None:
            tick(len(caught), total)
    for bug, rules in MACHINE_BUGS:
        caught.append(Caught(bug.name, in_machine(texts, graphs, bug, rules), bug.story))
        if tick is not None:
            tick(len(caught), total)
    return caught


def in_rules(texts: Texts, bug: RuleBug) -> str | None:
    """Return what a reader, or a look at who comes under which rule when, finds wrong with wrong rules."""
    documents = [parse_document(text) for text in texts.values()]
    for reference, field, value in bug.changes:
        table = _table(documents, bug, reference)
        if table.get(field) == value:
            raise NotPlanted(f"{bug.name}: {field} of {reference} is {value!r} already")
        table[field] = value
    return _found_in(documents)


def _table(documents: Sequence[Mapping[str, Any]], bug: RuleBug, reference: str) -> dict[str, Any]:
    for document in documents:
        for table in (*document.get("rule", ()), *document.get("on_unloading", ())):
            if f"{table['name']}@{table['version']}" == reference:
                found: dict[str, Any] = table
                return found
    raise NotPlanted(f"{bug.name}: there is no rule {reference}")


def _found_in(documents: Sequence[Mapping[str, Any]]) -> str | None:
    try:
        book = read_book(documents)
    except InvalidValue as error:
        return f"refused: {error.rule}"
    violations = survey(book)[2]
    return violations[0].text if violations else None


def in_machine(
    texts: Texts, graphs: Sequence[tuple[Graph, Sequence[str]]], bug: Planted, rules: Sequence[str]
) -> str | None:
    """Return what the states under some rules show of a bug in the code; rules are read again where none are named."""
    with planted(bug):
        if not rules:
            return _found_in([parse_document(text) for text in texts.values()])
        wanted = [graph for graph, names in graphs if set(names) & set(rules)]
        if not wanted:
            raise NotPlanted(f"{bug.name}: there is no rule {' or '.join(rules)}")
        for graph in wanted:
            found = Explorer(graph.rule, graph.norm).explore(first=True).violations
            if found:
                return found[0].text
    return None
