"""Decision tables on the ZEN engine: a checked table becomes a JSON Decision Model, compiled once.

The engine takes a cell that it cannot read, and a fact of another type, for a row that is not met, and says nothing
(zen-engine 2.1.3); each such cell also costs it milliseconds. So it is given only cells that were read here, each
compiled alone first, and facts that were checked before. Which rows are met is looked up in an index as well: where
none is, as for nearly every vehicle, the engine is not asked; where it finds others than the index, nobody decides.
"""

import json
from collections.abc import Mapping
from typing import Any

import zen

from kouan.adapters.rules.tables import Evaluation
from kouan.inspection.rules.cells import Between, Cell, Flag, Words
from kouan.inspection.rules.facts import Fact, Facts, FactType
from kouan.inspection.rules.row_index import RowIndex
from kouan.inspection.rules.table import Hit, Row, Table
from kouan.vocabulary.errors import Corrupt


def compiled(table: Table) -> Evaluation:
    """Return a table that the engine evaluates; raise Corrupt where the engine cannot read it."""
    try:
        for cell in {expression(cell) for row in table.rows for cell in row.cells if cell is not None}:
            zen.compile_unary_expression(cell)
        decision = zen.ZenEngine().create_decision(zen.ZenDecisionContent(json.dumps(model_of(table))))
    except Exception as error:  # the engine raises no other type than these two
        raise Corrupt(f"table {table.name} is not understood by its engine: {error}") from error
    rows = table.rows
    columns = table.columns
    several = table.hit is Hit.COLLECT
    index = RowIndex(table)

    def evaluate(facts: Facts) -> tuple[Row, ...]:
        met = index.met(facts) if several else index.met(facts)[:1]
        if not met:
            return ()
        try:
            result: Any = decision.evaluate(_known(facts, columns))["result"]
        except RuntimeError as error:
            raise Corrupt(f"table {table.name} failed in its engine: {error}") from error
        found = tuple(each["row"] for each in (result if several else [result] if result else ()))
        if found != met:
            raise Corrupt(f"table {table.name} is read in two ways: rows {found} by its engine, {met} by its index")
        return tuple(rows[place] for place in met)

    return evaluate


UNKNOWN = "\x00"
"""Stands for a word that is not known: no cell can hold it or its beginning."""


def _known(facts: Facts, columns: Mapping[str, FactType]) -> dict[str, Fact]:
    return {
        name: UNKNOWN if facts[name] is None and kind is FactType.WORD else facts[name]
        for name, kind in columns.items()
    }


def model_of(table: Table) -> dict[str, Any]:
    """Return the JSON Decision Model of a table: it says of each row that is met its place."""
    inputs = [{"id": f"c{place}", "name": name, "field": name} for place, name in enumerate(table.columns)]
    rules = [
        {
            "_id": row.id,
            **{f"c{column}": expression(cell) for column, cell in enumerate(row.cells)},
            "row": str(place),
        }
        for place, row in enumerate(table.rows)
    ]
    content = {
        "hitPolicy": table.hit.value,
        "inputs": inputs,
        "outputs": [{"id": "row", "name": "row", "field": "row"}],
        "rules": rules,
        "passThrough": False,
        "executionMode": "single",
    }
    return {
        "contentType": "application/vnd.gorules.decision",
        "nodes": [
            {"id": "facts", "type": "inputNode", "name": "facts", "position": {"x": 0, "y": 0}},
            {
                "id": "table",
                "type": "decisionTableNode",
                "name": table.name,
                "position": {"x": 1, "y": 0},
                "content": content,
            },
            {"id": "rows", "type": "outputNode", "name": "rows", "position": {"x": 2, "y": 0}},
        ],
        "edges": [
            {"id": "asked", "sourceId": "facts", "targetId": "table", "type": "edge"},
            {"id": "told", "sourceId": "table", "targetId": "rows", "type": "edge"},
        ],
    }


def expression(cell: Cell) -> str:
    """Return a cell in the engine's language; what is not known meets only the empty one."""
    match cell:
        case None:
            return ""
        case Flag(value):
            return "$ == true" if value else "$ == false"
        case Between(low, high):
            ends = [f"$ >= {low}" if low is not None else "", f"$ <= {high}" if high is not None else ""]
            return " and ".join(["$ != null", *filter(None, ends)])
        case Words(exact, begins):
            tests = [*(f'$ == "{each}"' for each in exact), *(f'startsWith($, "{each}")' for each in begins)]
            return " or ".join(tests) or "false"
