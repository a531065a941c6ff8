"""A PostgreSQL for the session, and the two players that every storage contract is tried on."""

import random
from collections.abc import AsyncIterator, Iterator

import pytest
from tests.integration.storage.players import MemoryPlayer, Player, PostgresPlayer
from tests.integration.storage.server import Server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running PostgreSQL with a database ``template`` that has the schema; not flushed to disk, for speed."""
    running = Server(tmp_path_factory.mktemp("postgres"), durable=False)
    running.start()
    try:
        running.make_template()
        yield running
    finally:
        running.stop()


@pytest.fixture
async def postgres(server: Server) -> AsyncIterator[PostgresPlayer]:
    """The PostgreSQL player on a database of its own."""
    player = PostgresPlayer(server, server.new_database())
    yield player
    await player.close()


@pytest.fixture
async def memory() -> AsyncIterator[MemoryPlayer]:
    """The in-memory player on a disk of its own."""
    player = MemoryPlayer(random.Random(7))
    yield player
    await player.close()


@pytest.fixture(params=["memory", "postgres"])
def player(request: pytest.FixtureRequest) -> Player:
    """Each player in turn."""
    found: Player = request.getfixturevalue(request.param)
    return found
