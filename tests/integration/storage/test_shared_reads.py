"""Reads that share a round trip stay apart: answers, errors, cancelled callers, lost connections."""

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest
from tests.integration.storage.server import Server

from kouan.adapters.postgres.database import Database
from kouan.adapters.postgres.shared_reads import SharedReads
from kouan.vocabulary.errors import Unavailable

ECHO = "SELECT %(text)s::text, %(number)s::bigint, %(truth)s::boolean, %(data)s::bytea, %(many)s::text[] IS NULL"
VALUES = {"text": "甘其毛都", "number": -(2**62), "truth": True, "data": b"\x00\xff", "many": ["a", "б", ""]}


@pytest.fixture
async def database(server: Server) -> AsyncIterator[Database]:
    found = Database(server.new_database())
    yield found
    await found.close()


@pytest.fixture
async def reads(database: Database) -> AsyncIterator[SharedReads]:
    found = SharedReads(database.connect, 2, 5.0)
    yield found
    await found.close()


async def test_values_of_plain_types_come_back_as_they_went(reads: SharedReads) -> None:
    assert await reads.read("echo", ECHO, VALUES) == [("甘其毛都", -(2**62), True, b"\x00\xff", False)]
    nothing = dict.fromkeys(VALUES)
    assert await reads.read("echo", ECHO, nothing) == [(None, None, None, None, True)]


async def test_an_array_of_texts_is_read_as_such(reads: SharedReads) -> None:
    sql = "SELECT item FROM unnest(%(many)s::text[]) WITH ORDINALITY AS found (item, n) ORDER BY n"
    assert await reads.read("items", sql, VALUES) == [("a",), ("б",), ("",)]
    assert await reads.read("items", sql, {"many": []}) == []


async def test_each_of_many_callers_gets_the_answer_to_its_own_question(reads: SharedReads) -> None:
    sql = "SELECT %(number)s::bigint * 2 FROM generate_series(1, 3)"
    found = await asyncio.gather(*(reads.read("double", sql, {"number": number}) for number in range(300)))
    assert found == [[(number * 2,)] * 3 for number in range(300)]


async def test_an_error_reaches_only_the_caller_that_caused_it(reads: SharedReads) -> None:
    sql = "SELECT 12 / %(number)s::integer"
    calls = [reads.read("divide", sql, {"number": number}) for number in (1, 0, 3, 0, 4)]
    found = await asyncio.gather(*calls, return_exceptions=True)
    assert [found[place] for place in (0, 2, 4)] == [[(12,)], [(4,)], [(3,)]]
    assert all(isinstance(found[place], psycopg.errors.DivisionByZero) for place in (1, 3))


async def test_a_value_that_cannot_be_sent_reaches_only_its_caller(reads: SharedReads) -> None:
    sql = "SELECT %(text)s::text"
    calls = [reads.read("say", sql, {"text": text}) for text in ("a", 1.5, "b")]
    first, wrong, last = await asyncio.gather(*calls, return_exceptions=True)
    assert (first, last) == ([("a",)], [("b",)])
    assert isinstance(wrong, psycopg.ProgrammingError)


async def test_a_statement_that_is_wrong_is_said_to_be_so(reads: SharedReads) -> None:
    with pytest.raises(psycopg.errors.UndefinedTable):
        await reads.read("nowhere", "SELECT 1 FROM nowhere", {})
    assert await reads.read("one", "SELECT 1", {}) == [(1,)]


async def test_what_is_not_of_plain_types_is_left_to_psycopg(reads: SharedReads) -> None:
    assert await reads.read("numeric", "SELECT 1.5::numeric", {}) is None
    assert await reads.read("numeric", "SELECT 1.5::numeric", {}) is None


async def test_a_caller_that_goes_away_disturbs_nobody(reads: SharedReads) -> None:
    sql = "SELECT %(number)s::bigint, pg_sleep(0.01)::text"
    tasks = [asyncio.create_task(reads.read("slow", sql, {"number": number})) for number in range(20)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert [answer for answer in found if not isinstance(answer, BaseException)] == [
        [(number, "")] for number in range(1, 20, 2)
    ]


async def test_a_cut_connection_fails_its_readers_and_the_next_read_gets_a_new_one(reads: SharedReads) -> None:
    assert await reads.read("one", "SELECT 1", {}) == [(1,)]
    cut = "SELECT pg_terminate_backend(pg_backend_pid())"
    with pytest.raises(psycopg.OperationalError):
        await reads.read("cut", cut, {})
    assert await reads.read("one", "SELECT 1", {}) == [(1,)]


async def test_a_connection_that_was_cut_while_idle_is_not_used_again(database: Database, reads: SharedReads) -> None:
    pids = await reads.read("pid", "SELECT pg_backend_pid()", {})
    assert pids is not None
    async with database.lend() as connection:
        await connection.execute("SELECT pg_terminate_backend(%s::int, 5000::bigint)", (pids[0][0],))
    assert await reads.read("one", "SELECT 1", {}) == [(1,)]


async def test_after_close_nobody_waits(database: Database) -> None:
    closing = SharedReads(database.connect, 1, 5.0)
    waiting = asyncio.create_task(closing.read("sleep", "SELECT pg_sleep(5)::text", {}))
    await asyncio.sleep(0)
    await closing.close()
    with pytest.raises(Unavailable):
        await waiting
    with pytest.raises(Unavailable):
        await closing.read("one", "SELECT 1", {})
