"""``kouan yard``: the balance and the reconciliation, as a script reads them."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from tests.integration.storage.players import PostgresPlayer
from tests.integration.storage.server import Server
from tests.integration.storage.yard_world import LOTS, World
from typer.testing import CliRunner

from kouan.cli.yard import app


@pytest.fixture
def dsn(server: Server) -> str:
    """Return a database in which a yard has worked for a day."""
    found = server.new_database()

    async def work() -> None:
        player = PostgresPlayer(server, found)
        world = await World(player, await player.open_writer()).start()
        for number in (1, 2):
            await world.whole_visit(LOTS[0], number, 60_000)
        await world.loaded(LOTS[0], 3, 20_000)
        await world.visits.leave("yard-o3", 1, ("wang",))
        await player.close()

    asyncio.run(work())
    return found


def asked(command: str, dsn: str, folder: Path, *more: str) -> tuple[int, Any]:
    found = CliRunner().invoke(app, [command, "--data", str(folder), "--database", dsn, "--json", *more])
    return found.exit_code, json.loads(found.stdout)


def test_the_balance_holds_and_names_every_site_and_lot(dsn: str, tmp_path: Path) -> None:
    code, found = asked("balance", dsn, tmp_path)
    assert (code, found["holds"]) == (0, True)
    coal = next(each for each in found["sites"] if each["name"] == "coal")
    assert (coal["in_kg"], coal["out_kg"], coal["stock_kg"]) == (120_000, 20_000, 100_000)
    assert [each["name"] for each in found["lots"]] == [LOTS[0]]
    assert asked("balance", dsn, tmp_path, "--site", "ore")[1]["lots"] == []


def test_a_balance_that_does_not_hold_fails_and_says_where(dsn: str, server: Server, tmp_path: Path) -> None:
    async def steal() -> None:
        player = PostgresPlayer(server, dsn)
        await player.execute("UPDATE yard_stacks SET dry_dg = dry_dg - 10000")
        await player.close()

    asyncio.run(steal())
    code, found = asked("balance", dsn, tmp_path)
    assert (code, found["holds"]) == (1, False)
    places = [finding["params"].get("place") for each in found["lots"] for finding in each["findings"]]
    assert "coal/A/1/1" in places


def test_carriers_and_scales_are_reconciled(dsn: str, tmp_path: Path) -> None:
    code, found = asked("reconcile", dsn, tmp_path, "--days", "3660")
    assert code == 0
    assert [(each["carrier"], each["unticketed"]) for each in found["carriers"]] == [("CARRIER-01", 2)]
    assert {each["finding"] for each in found["scales"]} == {"unchecked"}
    assert found["offsets"] == []
