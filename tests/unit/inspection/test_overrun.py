"""How much more than declared of goods in bulk may be unloaded: by a dated list, the longest goods code first."""

import datetime as dt
from pathlib import Path

import pytest

from kouan.inspection.overrun import Overrun, overrun_by
from kouan.inspection.rules.lists import read_list
from kouan.vocabulary.days import midnight
from kouan.vocabulary.errors import InvalidValue

SHIPPED = Path(__file__).parents[3] / "ports" / "rules" / "reference-bulk-goods.toml"

HEAD = 'id = "bulk-goods"\nversion = 1\ntitle = "t"\nsource = "s"\n'


def item(code: str, value: str, since: str = "2020-01-01", until: str | None = None) -> str:
    end = "" if until is None else f"effective_until = {until}\n"
    return f'[[item]]\ncode = "{code}"\nzh = "z"\nen = "e"\neffective_from = {since}\n{end}{value}\n'


def day(text: str) -> int:
    return midnight(dt.date.fromisoformat(text))


def permille(content: str, hs_code: str, at: int) -> int:
    found = overrun_by(read_list("bulk-goods", content.encode()), "bulk-goods@1", hs_code, at)
    return 0 if found is None else found.permille


def test_coal_and_ores_may_exceed_what_is_declared_by_3_percent_and_tomatoes_by_nothing() -> None:
    shipped = read_list("bulk-goods", SHIPPED.read_bytes())
    found = {code: overrun_by(shipped, "r", code, day("2026-11-23")) for code in ("2701121000", "260111", "0702000000")}
    assert found == {"2701121000": Overrun(30, "r"), "260111": Overrun(30, "r"), "0702000000": None}


def test_the_longest_code_counts_on_its_days_and_one_of_nought_gives_nothing() -> None:
    content = HEAD + item("26", "value = 30") + item("2603", "value = 10", "2024-01-01", "2025-01-01")
    content += item("260300", "value = 0", "2026-01-01")
    switch = day("2024-01-01")
    assert [permille(content, "2603000090", at) for at in (switch - 1, switch, day("2025-06-01"))] == [30, 10, 30]
    assert permille(content, "2603000090", day("2026-01-01")) == 0
    assert permille(content, "2601000000", day("2019-12-31")) == 0


@pytest.mark.parametrize("wrong", ["value = 51", "value = -1", ""])
def test_a_tolerance_beyond_what_any_measure_gives_is_refused(wrong: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        read_list("bulk-goods", (HEAD + item("26", wrong)).encode())
    assert (refused.value.field, refused.value.rule) == ("item[0].value", "rules.value")
