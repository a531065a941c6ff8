"""``kouan targeting train`` on a port's own data, and what starting a port costs."""

import asyncio
import hashlib
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from tests.unit.inspection.targeting.targeting_kit import CANDIDATE, DAY, examples
from typer.testing import CliRunner

from kouan.cli.targeting import app
from kouan.inspection.records import params_of
from kouan.inspection.targeting.features import AT_HAND_IN
from kouan.inspection.targeting.records import CandidateRecord
from kouan.ledger.roles import Statement, Unit
from kouan.vocabulary.errors import InvalidValue
from kouan.wiring.offline import opened


def records(count: int, now: int) -> list[CandidateRecord]:
    """Return examined candidates of the last weeks whose firms' past tells."""
    base, made = AT_HAND_IN.of(CANDIDATE, {}), []
    for place, each in enumerate(examples(count, Random(5), template=("x", "y"))):
        at = now - 40 * DAY + place * 30 * DAY // count
        features = {**base, "importer_found_pm": each.features["telling"]}
        papers = msgspec.json.encode(msgspec.structs.replace(CANDIDATE, importer=each.template[0]))
        made.append(
            CandidateRecord(
                f"C{place}", "d", at, at, each.template[0], "2701121000", papers, msgspec.json.encode(features), b"[]",
                "random", 1, 50_000, 50_000, None, None, None, "r1", "B1", "examine", "customs", f"T-{place}",
                at + DAY, int(each.found),
            )
        )  # fmt: skip
    return made


def keep(data: Path, count: int) -> None:
    async def main() -> None:
        async with opened(data, "ganqimaodu", write=True) as store:
            made = records(count, store.clock.now())
            await store.ledger.append(Unit((), tuple(Statement("targeting.judge", params_of(one)) for one in made)))

    asyncio.run(main())


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["train", *arguments])


def test_a_model_is_learned_from_what_the_port_examined_and_kept_under_its_digest(tmp_path: Path) -> None:
    data = tmp_path / "data"
    keep(data, 900)
    told = run("--data", str(data), "--json")
    assert told.exit_code == 0, told.output
    figures = msgspec.json.decode(told.stdout.encode())
    assert figures["may_be_used"] is True
    assert figures["precision_at_5%"] > 2 * figures["offence_rate"]
    (file,) = (data / "models").iterdir()
    assert file.name == f"{figures['digest']}.json"
    assert hashlib.sha256(file.read_bytes()).hexdigest() == figures["digest"]
    again = msgspec.json.decode(run("--data", str(data), "--json").stdout.encode())
    assert again == figures


def test_a_port_that_examined_nothing_learns_nothing_and_says_why(tmp_path: Path) -> None:
    told = run("--data", str(tmp_path / "data"))
    assert isinstance(told.exception, InvalidValue)
    assert told.exception.rule == "targeting.too_few"


@pytest.mark.parametrize("module", ["kouan.wiring.port_parts", "kouan.web.app"])
def test_starting_a_port_does_not_load_what_only_learning_needs(module: str) -> None:
    code = f"import {module}, sys; print([name for name in ('lightgbm', 'numpy', 'scipy') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
