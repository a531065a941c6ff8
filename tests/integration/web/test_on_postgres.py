"""The same application over a real PostgreSQL: what people do is durable there, and read back from there."""

from collections.abc import AsyncIterator, Iterator

import pytest
from tests.integration.storage.server import Server
from tests.integration.web.test_ledger_and_papers import CONFIRMATION
from tests.integration.web.web_kit import PORT, WebPort, json_of

from kouan.adapters.postgres.access import PostgresAccounts
from kouan.adapters.postgres.database import Database
from kouan.adapters.postgres.examination import PostgresExaminationRecords
from kouan.adapters.postgres.gate import PostgresGateRecords
from kouan.adapters.postgres.ledger import PostgresLedger
from kouan.adapters.postgres.papers import PostgresPapersRecords
from kouan.adapters.postgres.release import PostgresReleaseRecords
from kouan.adapters.postgres.subjects import PostgresSubjects
from kouan.adapters.signing.sealing import Sealer

API = "/api/v1"


class PostgresWebPort(WebPort):
    """A port whose facts are in PostgreSQL."""

    def __init__(self, dsn: str) -> None:
        super().__init__()
        self.database = Database(dsn)

    async def open_storage(self, sealer: Sealer) -> None:
        self.ledger = await PostgresLedger.open_writer(self.database, PORT.name, self.clock, sealer)
        self.records = PostgresGateRecords(self.database, PORT.name)
        self.papers = PostgresPapersRecords(self.database, PORT.name)
        self.examinations = PostgresExaminationRecords(self.database, PORT.name)
        self.lots = PostgresReleaseRecords(self.database, PORT.name)
        self.accounts = PostgresAccounts(self.database, PORT.name)
        self.subjects = PostgresSubjects(self.database, sealer)

    async def close(self) -> None:
        await super().close()
        await self.database.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("postgres"), durable=False)
    running.start()
    try:
        running.make_template()
        yield running
    finally:
        running.stop()


@pytest.fixture
async def stored(server: Server) -> AsyncIterator[WebPort]:
    port = await PostgresWebPort(server.new_database()).start()
    await port.people()
    yield port
    await port.close()


async def test_a_shift_at_the_desk_is_kept_and_read_back(stored: WebPort):
    passage = await stored.arrive(seal={"number": "CN7654321"})
    first, second = await stored.person("inspector"), await stored.person("second")
    hold = {"plate": "1234 УБА", "kind": "scan", "reason": "a word from the mountains"}
    key = {"Idempotency-Key": "hold-1"}
    placed = await first.post(f"{API}/holds", json=hold, headers=key)
    assert placed.status_code == 201, placed.text
    assert (await first.post(f"{API}/holds", json=hold, headers=key)).content == placed.content
    number = json_of(placed)["number"]
    assert [held["number"] for held in json_of(await second.get(f"{API}/holds"))["items"]] == [number]
    assert (await second.delete(f"{API}/holds/{number}?reason=settled")).status_code == 204
    release = {"action": "release", "reason": "the seal was changed under supervision"}
    decided = await first.post(f"{API}/reviews/{passage}/decision", json=release)
    assert decided.status_code == 200, decided.text
    confirmed = await second.post(f"{API}/reviews/{passage}/confirmation", json={"reason": "seen as well"})
    assert confirmed.status_code == 200, confirmed.text
    view = json_of(await first.get(f"{API}/passages/{passage}"))
    assert view["entries"] == list(await stored.records.entries_of(passage))
    assert (await first.get(f"{API}/passages/{passage}/what-if")).status_code == 200


async def test_papers_lanes_and_accounts_are_kept_and_read_back(stored: WebPort):
    carrier, operator, admin = stored.machine("carrier"), stored.machine("operator"), stored.machine("admin")
    for _ in range(2):
        taken = await carrier.post(f"{API}/papers/confirmations", json=CONFIRMATION, headers={"Idempotency-Key": "1"})
        assert taken.status_code == 201, taken.text
    assert [item["number"] for item in json_of(await carrier.get(f"{API}/papers"))["items"]] == ["V2025101000042"]
    body = {"direction": "out", "reason": "the surge of the afternoon"}
    assert (await operator.post(f"{API}/lanes/I12/direction", json=body)).status_code == 200
    assert [record.lane for record in await stored.records.lanes()] == ["I12"]
    change = {"display_name": "李", "agency": "customs", "roles": ["inspector"], "password": "twelve letters"}
    assert (await admin.put(f"{API}/accounts/li", json=change)).status_code == 200
    assert "li" in [item["username"] for item in json_of(await admin.get(f"{API}/accounts"))["items"]]


async def test_proofs_come_from_the_stored_tiles(stored: WebPort):
    await stored.arrive()
    await stored.sign_head()
    auditor = stored.machine("auditor")
    size = json_of(await auditor.get(f"{API}/ledger/heads"))["items"][0]["size"]
    assert 3 < size <= await stored.ledger.size()
    assert (await auditor.get(f"{API}/ledger/proof/3?size={size}")).status_code == 200
    assert (await auditor.get(f"{API}/ledger/consistency?first=2&second={size}")).status_code == 200
