"""Which rows of a table a case meets, without going through them: for each column, a bit set of rows (a bit a row).

It says the same as ``cells.met`` row by row, in microseconds for hundreds of rows.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Sequence

from kouan.inspection.rules.cells import Between, Cell, Flag, Words
from kouan.inspection.rules.facts import Fact, Facts, FactType
from kouan.inspection.rules.table import Table

_Meets = Callable[[Fact], int]
"""From a fact of one column to the rows whose cell it meets."""


class RowIndex:
    """The rows of a checked table by what meets them; the facts that it is asked about were checked."""

    def __init__(self, table: Table) -> None:
        made = {FactType.WORD: _words, FactType.WHOLE: _wholes, FactType.FLAG: _flags}
        self._every = (1 << len(table.rows)) - 1
        self._columns = [
            (name, made[kind]([row.cells[place] for row in table.rows]))
            for place, (name, kind) in enumerate(table.columns.items())
        ]

    def met(self, facts: Facts) -> tuple[int, ...]:
        """Return the places of the rows that are met, in their order."""
        found = self._every
        for name, meets in self._columns:
            found &= meets(facts[name])
            if not found:
                return ()
        return tuple(place for place in range(found.bit_length()) if found >> place & 1)


def _unconditional(cells: Sequence[Cell]) -> int:
    return sum(1 << place for place, cell in enumerate(cells) if cell is None)


def _words(cells: Sequence[Cell]) -> _Meets:
    anything = _unconditional(cells)
    exact: dict[str, int] = defaultdict(int)
    begins: dict[str, int] = defaultdict(int)
    for place, cell in enumerate(cells):
        if isinstance(cell, Words):
            for word in cell.exact:
                exact[word] |= 1 << place
            for word in cell.begins:
                begins[word] |= 1 << place
    lengths = sorted({len(word) for word in begins})

    def meets(fact: Fact) -> int:
        if not isinstance(fact, str):
            return anything
        found = anything | exact.get(fact, 0)
        for length in lengths:
            found |= begins.get(fact[:length], 0)
        return found

    return meets


def _wholes(cells: Sequence[Cell]) -> _Meets:
    """Cut the whole numbers where a row begins or ends to be met; between two cuts the same rows are."""
    anything = _unconditional(cells)
    level, turns = anything, defaultdict[int, int](int)
    for place, cell in enumerate(cells):
        if isinstance(cell, Between):
            if cell.low is None:
                level |= 1 << place
            else:
                turns[cell.low] ^= 1 << place
            if cell.high is not None:
                turns[cell.high + 1] ^= 1 << place
    cuts, levels = sorted(turns), [level]
    for cut in cuts:
        levels.append(levels[-1] ^ turns[cut])

    def meets(fact: Fact) -> int:
        return levels[bisect_right(cuts, fact)] if isinstance(fact, int) and not isinstance(fact, bool) else anything

    return meets


def _flags(cells: Sequence[Cell]) -> _Meets:
    anything = _unconditional(cells)
    met = {
        value: anything | sum(1 << place for place, cell in enumerate(cells) if cell == Flag(value))
        for value in (True, False)
    }

    def meets(fact: Fact) -> int:
        return met[fact] if isinstance(fact, bool) else anything

    return meets
