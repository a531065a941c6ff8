"""``kouan papers`` on the store of a port that stands still: PostgreSQL is the real one."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.integration.storage.server import Server
from tests.unit.inspection.test_balances import HOLDER
from typer.testing import CliRunner, Result

from kouan.cli.papers import app
from kouan.protocols.edifact.interchange import parse
from kouan.protocols.edifact.messages import CargoReport, CustomsResponse, read
from kouan.protocols.tables.reading import read_rows
from kouan.vocabulary.errors import InvalidValue, KouanError

pytestmark = pytest.mark.slow

GOLDEN = Path(__file__).parents[2] / "unit" / "inspection" / "importing" / "golden"


def kouan(*arguments: str, fails: type[KouanError] | None = None) -> Result:
    result = CliRunner().invoke(app, list(arguments))
    if fails is not None:
        assert isinstance(result.exception, fails), result.output
    elif result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def reports(*arguments: str) -> tuple[int, list[Any]]:
    result = kouan("import", *arguments, "--json")
    return result.exit_code, json.loads(result.stdout)["files"]


@pytest.fixture(scope="module")
def dsn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server = Server(tmp_path_factory.mktemp("postgres"), durable=False)
    server.start()
    try:
        server.make_template()
        yield server.new_database()
    finally:
        server.stop()


def test_papers_are_rehearsed_imported_looked_up_and_exported(tmp_path: Path, dsn: str) -> None:
    data = ("--data", str(tmp_path / "data"), "--database", dsn)
    files = [str(GOLDEN / name) for name in ("licences.csv", "declarations.csv", "manifests.csv", "status.csv")]
    code, (_, declared, *_) = reports(*files[:2], *data, "--dry-run")
    assert (code, declared["rehearsal"], len(declared["taken"])) == (0, True, 2)
    kouan("balance", "071320261000000001", *data, fails=KouanError)

    code, found = reports(*files, *data)
    assert (code, [len(each["taken"]) for each in found]) == (0, [1, 2, 1, 2])
    code, found = reports(*files[:3], *data)
    assert all(paper["repeated"] for each in found for paper in each["taken"])

    balance = json.loads(kouan("balance", "071320261000000001", *data, "--json").stdout)
    assert [(each["item"], each["left_kg"]) for each in balance["balances"]] == [("1", 50_500), ("2", 29_500)]
    assert balance["write_offs"] == []
    assert "1050000" in kouan("balance", "L-2026-001", *data).stdout

    out = tmp_path / "out.edi"
    papers = ("MF20261122001", "071320261000000001")
    kouan("export", *papers, "--out", str(out), *data, "--recipient", "CARRIER-01")
    cargo, response = (read(message).content for message in parse(out.read_bytes()).messages)
    assert isinstance(cargo, CargoReport)
    assert (cargo.number, cargo.items[0].gross_kg) == ("MF20261122001", 80_000)
    assert isinstance(response, CustomsResponse)
    assert response.status == "cleared"
    kouan("export", "NOTHING", "--out", str(out), *data, "--recipient", "X", fails=KouanError)

    wrong = tmp_path / "wrong.csv"
    text = (GOLDEN / "licences.csv").read_text(encoding="utf-8")
    wrong.write_bytes((text + text.splitlines()[1].replace("L-2026-001", "L-2") + "x\n").encode("gbk"))
    rejected = tmp_path / "rejected.csv"
    result = kouan("import", str(wrong), *data, "--rejected", str(rejected))
    assert result.exit_code == 1
    assert "row 3, 溢装千分比" in result.output
    header, row = read_rows(rejected.read_bytes())
    assert (header.cells[0], row.cells[1]) == ("备注", "L-2")
    assert HOLDER in row.cells
    wrong.write_text("a,b\n1,2\n", encoding="utf-8")
    kouan("import", str(wrong), *data, fails=InvalidValue)


def test_templates_are_written_by_their_ending(tmp_path: Path) -> None:
    for form in ("csv", "xlsx"):
        kouan("template", "confirmation", str(tmp_path / f"t.{form}"))
        assert read_rows((tmp_path / f"t.{form}").read_bytes())[0].cells[0] == "确报编号"
    kouan("template", "confirmation", str(tmp_path / "t.pdf"), fails=InvalidValue)
