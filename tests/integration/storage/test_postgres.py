"""What only PostgreSQL can show: kills, lost answers, migrations, tampering behind the ledger's back."""

import asyncio
import itertools
from collections.abc import Iterator

import psycopg
import pytest
from tests.integration.storage.players import PORT, PostgresPlayer, raise_epoch, unit
from tests.integration.storage.server import Server
from tests.integration.storage.test_ledger import appended, assert_chained

from kouan.adapters.appending.chain import Block
from kouan.adapters.postgres.commit import Group, commit_at_once
from kouan.adapters.postgres.database import Connection, Database
from kouan.adapters.postgres.migrate import Migration, migrate, missing, shipped
from kouan.ledger.heads import SignedHead
from kouan.vocabulary.errors import Conflict, Corrupt, KouanError, Unavailable


@pytest.fixture
def mortal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of the test's own, which it may kill."""
    server = Server(tmp_path_factory.mktemp("mortal"))
    server.start()
    server.make_template()
    yield server
    server.stop()


async def test_a_killed_server_loses_nothing_that_was_acknowledged(mortal: Server) -> None:
    player = PostgresPlayer(mortal, mortal.new_database())
    ledger = await player.open_writer(patience_s=30.0)
    acknowledged: dict[str, int] = {}
    stop, more = asyncio.Event(), asyncio.Condition()

    async def appender(number: int) -> None:
        for count in itertools.count():
            if stop.is_set():
                return
            key = f"{number}-{count}"
            acknowledged[key] = appended(await ledger.append(unit(key))).entries[0].seq
            async with more:
                more.notify_all()

    async def until(total: int) -> None:
        async with more:
            await more.wait_for(lambda: len(acknowledged) >= total)

    tasks = [asyncio.create_task(appender(number)) for number in range(8)]
    for round_ in range(1, 4):
        await asyncio.wait_for(until(round_ * 200), 20)
        await asyncio.to_thread(mortal.kill)
        await asyncio.to_thread(mortal.start)
    await asyncio.wait_for(until(len(acknowledged) + 100), 20)
    stop.set()
    await asyncio.gather(*tasks)

    entries = await ledger.read(limit=100_000)
    assert_chained(entries)
    assert {entry.key: entry.seq for entry in entries} == acknowledged
    assert len({entry.epoch for entry in entries}) >= 4
    await player.close()


async def test_a_server_that_stays_away_is_reported_and_then_found_again(mortal: Server) -> None:
    player = PostgresPlayer(mortal, mortal.new_database())
    ledger = await player.open_writer(patience_s=0.3)
    await ledger.append(unit("a"))
    await asyncio.gather(*[ledger.size() for _ in range(4)])
    await asyncio.to_thread(mortal.kill)
    with pytest.raises(Unavailable):
        await ledger.append(unit("b"))
    await asyncio.to_thread(mortal.start)
    assert await player.subjects.subject_for("MNG 1")
    assert appended(await ledger.append(unit("b"))).entries[0].seq == 2
    await player.close()


async def test_a_killed_backend_costs_a_reconnection_only(postgres: PostgresPlayer) -> None:
    ledger = await postgres.open_writer()
    await ledger.append(unit("a"))
    async with postgres.database.lend() as connection:
        killer = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> %s"
        )
        await connection.execute(killer, [connection.info.backend_pid])
    assert appended(await ledger.append(unit("b"))).entries[0].seq == 2
    assert [entry.key for entry in await ledger.read()] == ["a", "b"]


async def test_a_lost_answer_after_the_commit_is_settled(
    postgres: PostgresPlayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection breaks just after the server committed: nothing is recorded twice, all are answered."""
    cut: list[bool] = []

    async def commit_and_break(connection: Connection, group: Group, block: Block) -> None:
        await commit_at_once(connection, group, block)
        if not cut:
            cut.append(True)
            await connection.close()
            raise psycopg.OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr("kouan.adapters.postgres.store.commit_at_once", commit_and_break)
    ledger = await postgres.open_writer()
    answers = await asyncio.gather(*[ledger.append(unit(f"k{n}")) for n in range(10)])
    assert cut
    assert [appended(answer).entries[0].seq for answer in answers] == list(range(1, 11))
    assert not any(appended(answer).repeated for answer in answers)
    assert appended(await ledger.append(unit("after"))).entries[0].seq == 11
    assert_chained(await ledger.read())


async def test_guards_that_hold_cost_no_round_trip_of_their_own(
    postgres: PostgresPlayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: object) -> None:
        raise AssertionError("the careful way was taken")

    monkeypatch.setattr("kouan.adapters.postgres.store.apply_carefully", never)
    ledger = await postgres.open_writer()
    for number in range(4):
        units = [unit(f"{number}-{n}", guards=(raise_epoch(number + 1, f"I{n}"),)) for n in range(10)]
        answers = await asyncio.gather(*[ledger.append(one) for one in units])
        assert [len(appended(answer).entries) for answer in answers] == [1] * 10


async def test_two_starters_at_once_migrate_once(server: Server) -> None:
    databases = [Database(server.new_database("template0"))]
    databases += [Database(databases[0]._dsn) for _ in range(3)]
    applied = await asyncio.gather(*[migrate(database) for database in databases])
    names = [migration.name for migration in shipped()]
    assert sorted(applied, key=len, reverse=True) == [names, [], [], []]
    assert await migrate(databases[0]) == []
    for database in databases:
        await database.close()


async def test_a_failed_migration_leaves_nothing_behind(server: Server) -> None:
    database = Database(server.new_database("template0"))
    good, bad = Migration("0001_good", "CREATE TABLE good ();"), Migration("0002_bad", "CREATE TABLE ;")
    with pytest.raises(KouanError):
        await migrate(database, [good, bad])
    assert await migrate(database, [good]) == ["0001_good"]
    await database.close()


def test_a_changed_or_unknown_migration_is_refused() -> None:
    first, second = Migration("0001_a", "a"), Migration("0002_b", "b")
    assert missing([first, second], {first.name: first.checksum}) == [second]
    with pytest.raises(Conflict, match="changed"):
        missing([first], {first.name: "another"})
    with pytest.raises(Conflict, match="newer"):
        missing([first], {first.name: first.checksum, "0002_b": "x"})
    with pytest.raises(Conflict, match="before"):
        missing([first, second], {second.name: second.checksum})


async def test_an_entry_cannot_be_changed_by_mistake(postgres: PostgresPlayer) -> None:
    ledger = await postgres.open_writer()
    await ledger.append(unit("a"))
    for statement in ("UPDATE ledger_entries SET body = '{}'", "DELETE FROM ledger_entries", "TRUNCATE ledger_entries"):
        async with postgres.database.lend() as connection:
            with pytest.raises(psycopg.errors.DatabaseError, match="never changed"):
                await connection.execute(statement.encode())


@pytest.mark.parametrize(
    ("tampering", "where"),
    [
        ("UPDATE ledger_entries SET body = '{}' WHERE seq = 350", "entry 350"),
        ("UPDATE ledger_entries SET at = at + 1 WHERE seq = 1", "entry 1 "),
        ("DELETE FROM ledger_entries WHERE seq = 380", "entry 380"),
        ("DELETE FROM ledger_entries WHERE seq > 390", "entry 400"),
        ("UPDATE ledger_writer SET sequence = 390", "beyond number 390"),
        ("UPDATE ledger_tiles SET root = sha256('x')", "tile over entries 1 to 256"),
        ("UPDATE ledger_writer SET last = sha256('x')", "entry 400"),
    ],
)
async def test_a_writer_does_not_open_on_a_ledger_whose_end_was_tampered_with(
    postgres: PostgresPlayer, tampering: str, where: str
) -> None:
    ledger = await postgres.open_writer()
    await asyncio.gather(*[ledger.append(unit(f"k{n}")) for n in range(400)])
    await ledger.close()
    await postgres.execute(tampering)
    with pytest.raises(Corrupt, match=where):
        await postgres.open_writer()


async def test_a_writer_does_not_open_behind_a_signed_head(postgres: PostgresPlayer) -> None:
    ledger = await postgres.open_writer()
    answer = appended(await ledger.append(unit("a")))
    assert ledger.writer.standing is not None
    root, last = ledger.writer.standing.frontier.root().hex(), answer.entries[0].hash
    await ledger.add_head(SignedHead(1, 1, "ledger:x", last, PORT, root, "0" * 128, 1))
    assert [head.size for head in await ledger.heads()] == [1]
    await ledger.close()
    await (await postgres.open_writer()).close()
    await ledger.add_head(SignedHead(2, 1, "ledger:x", last, PORT, "1" * 64, "0" * 128, 1))
    with pytest.raises(Corrupt, match="the root at 1 entries"):
        await postgres.open_writer()
    await ledger.add_head(SignedHead(3, 1, "ledger:x", last, PORT, root, "0" * 128, 2))
    with pytest.raises(Corrupt, match="signed at 2 entries"):
        await postgres.open_writer()


async def test_an_unreachable_server_is_said_to_be_so(server: Server) -> None:
    database = Database("postgresql://kouan@127.0.0.1:1/kouan", patience_s=0.0)
    with pytest.raises(Unavailable):
        await database.fetch_all("ledger.size", {"port": PORT})
    with pytest.raises(Unavailable):
        await migrate(database)
