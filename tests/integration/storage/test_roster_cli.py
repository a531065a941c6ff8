"""``kouan roster``: a roster from a file, and who is on it, as a person and as a script read them."""

import asyncio
import datetime as dt
import json
import zoneinfo
from pathlib import Path
from typing import Any

import pytest
from tests.integration.storage.players import PORT, PostgresPlayer
from tests.integration.storage.server import Server
from typer.testing import CliRunner

from kouan.access.people import Account, Agency, Role
from kouan.access.use_cases import save_account
from kouan.adapters.clock import SystemClock
from kouan.cli.roster import app
from kouan.vocabulary.clock import SECOND

PEOPLE = (
    Account("wang", "Wang", Agency.CUSTOMS, (Role.INSPECTOR,)),
    Account("li", "Li", Agency.SITE, (Role.LANE_OPERATOR,)),
    Account("root", "Root", Agency.SITE, (Role.ADMINISTRATOR,)),
)
LINES = (
    "wang,查验大厅,2099-11-23 08:00,2099-11-23 20:00",
    "li,东门,2099-11-23 08:00,2099-11-23 20:00",
    "li,东门,2099-11-23 19:00,2099-11-23 22:00",
    "nobody,东门,2099-11-23 08:00,2099-11-23 20:00",
    "root,东门,2099-11-23 08:00,2099-11-23 20:00",
    "wang,,2099-11-24 08:00,2099-11-24 20:00",
    "wang,查验大厅,2099-11-25 08:00,2099-11-28 20:00",
)
WRONG = [
    (4, "starts_at", "duty.overlaps"),
    (5, "username", "duty.unknown"),
    (6, "username", "duty.no_shift"),
    (7, "post", "field.text"),
    (8, "until", "duty.span"),
]


@pytest.fixture
def dsn(server: Server) -> str:
    """Return a database with a few accounts."""
    found = server.new_database()

    async def work() -> None:
        player = PostgresPlayer(server, found)
        ledger = await player.open_writer()
        for account in PEOPLE:
            await ledger.append(save_account(account, "test", 5))
        await player.close()

    asyncio.run(work())
    return found


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Return a roster in GB 18030, as a spreadsheet in China writes it."""
    path = tmp_path / "duties.csv"
    path.write_bytes("\n".join(("用户名,岗位,开始,结束", *LINES)).encode("gb18030"))
    return path


def tomorrow() -> tuple[str, str]:
    """Return the first and the last minute of a duty of tomorrow, as the port's clock shows them."""
    now = dt.datetime.fromtimestamp(SystemClock().now() // SECOND, tz=zoneinfo.ZoneInfo("Asia/Shanghai"))
    day = now.date() + dt.timedelta(days=1)
    return f"{day} 08:00", f"{day} 20:00"


def asked(dsn: str, folder: Path, command: str, *more: str) -> Any:
    return CliRunner().invoke(app, [command, "--data", str(folder), "--database", dsn, "--port", PORT, *more])


def test_a_file_is_planned_line_by_line_and_every_wrong_line_is_told(dsn: str, table: Path, tmp_path: Path) -> None:
    answer = asked(dsn, tmp_path, "import", str(table), "--json")
    assert answer.exit_code == 1
    told = json.loads(answer.stdout)
    assert (told["rows"], [each["username"] for each in told["planned"]]) == (7, ["wang", "li"])
    assert [(each["row"], each["field"], each["rule"]) for each in told["rejected"]] == WRONG
    assert all(each["mend"] for each in told["rejected"])
    shown = json.loads(asked(dsn, tmp_path, "show", "--days", "366", "--json").stdout)
    assert shown["duties"] == []  # that far ahead nobody looks


def test_a_person_reads_what_is_wrong_and_what_became_of_the_rest(dsn: str, table: Path, tmp_path: Path) -> None:
    answer = asked(dsn, tmp_path, "import", str(table))
    told = "row 4, starts_at: must not reach into another duty of the same person (duty.overlaps)"
    assert told in " ".join(answer.stderr.split())
    assert [line.split() for line in answer.stdout.splitlines()[-3:]] == [
        ["rows", "7"], ["planned", "2"], ["rejected", "5"],
    ]  # fmt: skip


def test_the_roster_is_shown_in_the_ports_own_time(dsn: str, tmp_path: Path, table: Path) -> None:
    table.write_text("username,post,from,until,reason\nwang,hall,{},{},\n".format(*tomorrow()), encoding="utf-8")
    assert asked(dsn, tmp_path, "import", str(table)).exit_code == 0
    shown = asked(dsn, tmp_path, "show", "--user", "wang").stdout.split()
    assert {"wang", "customs", "hall", *tomorrow()[0].split(), *tomorrow()[1].split()} <= set(shown)
    assert json.loads(asked(dsn, tmp_path, "show", "--agency", "site", "--json").stdout)["duties"] == []


def test_what_is_no_roster_is_refused_as_a_whole(dsn: str, table: Path, tmp_path: Path) -> None:
    table.write_text("name,when\nwang,now\n", encoding="utf-8")
    answer = asked(dsn, tmp_path, "import", str(table))
    assert (answer.exit_code, getattr(answer.exception, "rule", None)) == (1, "roster.header")
