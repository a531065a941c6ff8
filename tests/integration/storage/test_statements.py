"""Both players know the same named statements, with the same parameters."""

import pytest

from kouan.adapters.memory import store  # noqa: F401 - registers the statements
from kouan.adapters.memory.tables import EFFECTS, GUARDS
from kouan.adapters.postgres.queries import known_statements as postgres_statements
from kouan.adapters.postgres.queries import parse, queries
from kouan.vocabulary.errors import InvalidValue


def test_both_players_know_the_same_guards_and_effects() -> None:
    assert postgres_statements().guards.keys() == GUARDS.keys()
    assert postgres_statements().effects.keys() == EFFECTS.keys()


@pytest.mark.parametrize("name", sorted([*GUARDS, *EFFECTS]))
def test_both_players_take_the_same_parameters(name: str) -> None:
    named = GUARDS.get(name) or EFFECTS[name]
    assert queries()[name].takes == named.takes
    assert queries()[name].fills_sequences == named.fills_sequences


def test_every_query_says_what_it_does() -> None:
    for name, query in queries().items():
        assert query.description.endswith("."), name
        assert query.description[0].isupper(), name


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("-- name: a.b\n-- Does something.\nSELECT 1;", "queries.head"),
        ("-- name: a.b\n-- use: query\nSELECT 1;", "queries.description"),
    ],
)
def test_a_query_without_its_head_is_refused(text: str, rule: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        parse(text)
    assert refusal.value.rule == rule
