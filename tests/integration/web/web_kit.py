"""A whole port in memory behind its web application, and people who use it."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable
from random import Random
from typing import Any

import httpx
import msgspec
from argon2 import PasswordHasher as Argon2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI
from tests.unit.gate.passage_kit import NOON, but

from kouan.access.people import Account, Agency, Role
from kouan.access.roster import LONGEST_US, ON_DUTY, Duty, keep
from kouan.access.use_cases import issue_token, save_account
from kouan.adapters.alarms import AlarmKeeper
from kouan.adapters.board.board import LiveBoard
from kouan.adapters.driver.desk import PortDesk
from kouan.adapters.driver.passage_runner import Cause
from kouan.adapters.driver.port_driver import PortDriver
from kouan.adapters.driver.setting import Roles
from kouan.adapters.images import MemoryImages
from kouan.adapters.learning.artefacts import MemoryArtefacts
from kouan.adapters.memory.access import MemoryAccounts
from kouan.adapters.memory.broker import MemoryBroker
from kouan.adapters.memory.command import MemoryAlarmRecords
from kouan.adapters.memory.disk import MemoryDisk
from kouan.adapters.memory.examination import MemoryExaminationRecords
from kouan.adapters.memory.gate import MemoryGateRecords
from kouan.adapters.memory.ledger import MemoryLedger, MemorySubjects
from kouan.adapters.memory.papers import MemoryPapersRecords
from kouan.adapters.memory.release import MemoryReleaseRecords
from kouan.adapters.memory.rules import MemoryRuleRecords
from kouan.adapters.memory.targeting import MemoryTargetingRecords
from kouan.adapters.memory.yard import MemoryYardRecords
from kouan.adapters.passwords import Argon2Hasher
from kouan.adapters.release_rules import FileReleaseRules
from kouan.adapters.rules.dry_runs import recorded
from kouan.adapters.signing.sealing import Sealer, SealingKeys
from kouan.gate.decision import AgencyVerdict
from kouan.gate.dossier import case_of
from kouan.gate.facts import EvidenceFound, VerdictReceived
from kouan.gate.procedures import Authority
from kouan.gate.states import state_name
from kouan.journeys.crossing import Crossings
from kouan.journeys.examination import Examinations
from kouan.journeys.papers_at_gate import PapersAtGate
from kouan.journeys.release import ReleaseDesk
from kouan.journeys.release_papers import PapersForRelease
from kouan.ledger.heads import sign_head
from kouan.ledger.merkle import root_of
from kouan.protocols.jws import PrivateKeySigner
from kouan.protocols.signed import platform_key
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.places import PortName
from kouan.web.app import create_app
from kouan.web.services import ReleaseServices, RuleServices, Services
from kouan.wiring.gate_settings import board_setting_of, load_rulebook, policy_of, setting_of
from kouan.wiring.messages import catalogues, renderer
from kouan.wiring.port_file import drawn, folder, load
from kouan.wiring.rules import rules_of
from kouan.wiring.targeting import targeting_desk
from kouan.wiring.yard import YardStores, yard_of

PASSWORD = "a long enough password"
PORT = load("ganqimaodu")

PEOPLE: dict[str, tuple[Agency, tuple[Role, ...]]] = {
    "operator": (Agency.SITE, (Role.LANE_OPERATOR,)),
    "inspector": (Agency.CUSTOMS, (Role.INSPECTOR,)),
    "second": (Agency.CUSTOMS, (Role.INSPECTOR,)),
    "border": (Agency.BORDER_INSPECTION, (Role.INSPECTOR,)),
    "duty": (Agency.CUSTOMS, (Role.DUTY_OFFICER,)),
    "auditor": (Agency.SITE, (Role.AUDITOR,)),
    "admin": (Agency.SITE, (Role.ADMINISTRATOR,)),
    "carrier": (Agency.TRADE, (Role.CARRIER,)),
    "camera": (Agency.SITE, (Role.CAMERA,)),
    "protection": (Agency.SITE, (Role.DATA_PROTECTION,)),
    "planner": (Agency.SITE, (Role.PLANNER,)),
}


FIRMS = (
    "CARRIER-01", "91350100M000100Y43", "91150000MA0XXXXX0X", "TRADER-01", "TRADER-02", "UBTZ", "TERMINAL-1",
    "AGENCY-07",
)  # fmt: skip
"""The firms that the carrier's account acts for: a carrier, two consignees, and who sends papers, reports and tests."""


class HandClock:
    """A clock that stands still unless moved."""

    def __init__(self, now: int = NOON) -> None:
        self._now = now

    def now(self) -> int:
        return self._now

    def monotonic(self) -> int:
        return self._now

    def advance(self, seconds: float) -> None:
        self._now += round(seconds * SECOND)


class WebPort:
    """The port: its parts, its application, and clients of it."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.chance = Random(1)
        self.disk = MemoryDisk()
        self.broker = MemoryBroker(chance=Random(2))
        self.secrets = itertools.count()
        self.hasher = Argon2Hasher(Argon2(time_cost=1, memory_cost=8, parallelism=1))
        self.heads = PrivateKeySigner("ledger:ganqimaodu", Ed25519PrivateKey.from_private_bytes(bytes(32)))
        self.clients: list[httpx.AsyncClient] = []
        self.tokens: dict[str, str] = {}

    async def start(self, **changes: Any) -> "WebPort":
        await self.open_storage(Sealer(SealingKeys(bytes(32), bytes(range(32))), self.chance.randbytes))
        self.signer = PrivateKeySigner(platform_key(PORT.name), Ed25519PrivateKey.from_private_bytes(bytes(32)))
        self.policy = policy_of(PORT, load_rulebook(PORT))
        self.board = LiveBoard(board_setting_of(PORT), self.policy.rulebook, self.ledger, self.records, self.clock)
        records = MemoryAlarmRecords(self.disk, PORT.name)
        self.alarms = AlarmKeeper(self.board.alarms, self.ledger, records, self.clock)
        await self.alarms.start()
        await self._open_gate()
        await self._open_inspection()
        stores = YardStores(
            MemoryYardRecords(self.disk, PORT.name), MemoryReleaseRecords(self.disk, PORT.name), self.papers,
            self.ledger, self.subjects,
        )  # fmt: skip
        yard = yard_of(PORT, stores, self.clock, self.chance.randbytes, self.board.alarm)
        assert yard is not None
        self.yard = yard
        self.services = Services(**(self._services() | changes))
        self.app: FastAPI = create_app(self.services)
        return self

    async def _open_gate(self) -> None:
        self.link = self.broker.platform_link(PortName(PORT.name))
        papers = PapersAtGate(PORT.name, self.papers, self.records, self.ledger)
        roles = Roles(
            link=self.link,
            ledger=self.ledger,
            records=self.records,
            papers=papers,
            drivers=papers,
            crossings=Crossings(self.papers, self.records, self.ledger),
            subjects=self.subjects,
            clock=self.clock,
            signer=self.signer,
            keys={},
            chance=self.chance.randbytes,
            render=renderer(),
        )
        self.driver = PortDriver(setting_of(PORT), self.policy, roles, self.board)
        await self.board.start()
        await self.driver.start()
        self.board.attend(tuple(self.driver.lanes.values()))
        self.desk = PortDesk(self.driver, self.records, self.papers, self.clock, self.secret)

    async def _open_inspection(self) -> None:
        targeting = MemoryTargetingRecords(self.disk, PORT.name)
        self.rules = rules_of(
            PORT.name, MemoryRuleRecords(self.disk, PORT.name), self.ledger, self.signer, self.clock,
            lambda: recorded(self.records, self.ledger, targeting, None, self.examinations),
        )  # fmt: skip
        await self.rules.desk.start()
        release_rules = FileReleaseRules(folder() / "rules", PORT.name)
        self.releasing = ReleaseDesk(self.lots, self.ledger, release_rules, self.clock, Random(5))
        holds = self.desk.holds
        self.examining = Examinations(
            self.examinations, self.papers, holds, self.ledger, self.clock, self.rules.examination,
            turn=self.desk.turn,
        )  # fmt: skip
        self.artefacts = MemoryArtefacts()
        self.targeting = targeting_desk(
            self.papers, targeting, self.ledger, holds, self.artefacts, self.clock, self.secret, self.rules.targeting,
            chance=self.chance,
        )  # fmt: skip

    def _services(self) -> dict[str, Any]:
        papers = PapersForRelease(self.releasing, self.lots, self.papers)
        return {
            "port": drawn(PORT),
            "clock": self.clock,
            "board": self.board,
            "desk": self.desk,
            "examinations": self.examining,
            "release": ReleaseServices(records=self.lots, desk=self.releasing, papers=papers),
            "ledger": self.ledger,
            "gate": self.records,
            "papers": self.papers,
            "subjects": self.subjects,
            "salt": lambda: self.chance.randbytes(16),
            "tiles": self.ledger,
            "accounts": self.accounts,
            "hasher": self.hasher,
            "images": MemoryImages(),
            "messages": catalogues(),
            "ledger_key": self.heads.public_key.public_bytes_raw(),
            "ledger_key_id": self.heads.key_id,
            "secret": self.secret,
            "targeting": self.targeting,
            "yard": self.yard.desk,
            "rules": RuleServices(desk=self.rules.desk, dry_runs=self.rules.dry_runs),
            "alarms": self.alarms,
        }

    async def open_storage(self, sealer: Sealer) -> None:
        self.ledger: Any = await MemoryLedger.open_writer(self.disk, PORT.name, self.clock, sealer)
        self.records: Any = MemoryGateRecords(self.disk, PORT.name)
        self.papers: Any = MemoryPapersRecords(self.disk, PORT.name)
        self.examinations: Any = MemoryExaminationRecords(self.disk, PORT.name)
        self.lots: Any = MemoryReleaseRecords(self.disk, PORT.name)
        self.accounts: Any = MemoryAccounts(self.disk, PORT.name)
        self.subjects: Any = MemorySubjects(self.disk, sealer)

    def secret(self) -> str:
        return f"secret-{next(self.secrets)}-{self.chance.getrandbits(128):032x}"

    async def people(self) -> None:
        """Make an account for every role, and a token for each."""
        hashed = await self.hasher.hash(PASSWORD)
        for name, (agency, roles) in PEOPLE.items():
            firms = FIRMS if name == "carrier" else ()
            account = Account(name, name.title(), agency, roles, password_hash=hashed, firms=firms)
            await self.ledger.append(save_account(account, "test", self.clock.now()))
            secret = self.secret()
            _, unit = issue_token(account, "test", secret, self.clock.now(), None)
            await self.ledger.append(unit)
            self.tokens[name] = secret
            if ON_DUTY.intersection(roles):
                await self.duties(name, agency)

    async def duties(self, name: str, agency: Agency, days: int = 3) -> None:
        """Put somebody on the roster from now on."""
        for day in range(days):
            start = self.clock.now() + day * LONGEST_US
            duty = Duty(f"D-{name}-{day}", name, agency, "gate", start, start + LONGEST_US, "test", start)
            await self.ledger.append(keep(duty))

    async def arrive(self, lane: str = "I3", verdict: str = "grant", **changes: dict[str, Any]) -> str:
        """Let a lorry stop at a lane, and its devices, papers and authorities speak; return its passage.

        ``changes`` are what differs from a lorry in order, by procedure: ``seal={"number": "CN7654321"}``.
        """
        driver, now = self.driver.lanes[lane], self.clock.now()
        arrived = driver._arrive(7, now)
        driver.runner.begin(arrived, Cause())
        for evidence in but(**changes).values():
            driver.runner.feed(EvidenceFound(now, evidence))
        for authority in Authority:
            revision = case_of(driver.runner.state.dossier).revision(authority) or 0
            said = AgencyVerdict(authority, verdict, revision, now, now + 600 * SECOND, f"agency:{authority}")
            driver.runner.feed(VerdictReceived(now, said))
        await until(lambda: driver.recorded is driver.runner.state)
        return arrived.passage

    def state(self, lane: str = "I3") -> str:
        """Return the name of the state of the passage in a lane, as committed."""
        return state_name(self.driver.lanes[lane].recorded)

    async def sign_head(self) -> None:
        size = await self.ledger.size()
        entry = await self.ledger.get(size)
        root = root_of(await self.ledger.leaf_hashes(0, size))
        head = sign_head(
            self.heads, port=PORT.name, size=size, root=root, last=entry.hash, at=self.clock.now(), epoch=1
        )
        await self.ledger.add_head(head)

    def client(self, **headers: str) -> httpx.AsyncClient:
        """Return a client with its own cookies."""
        transport = httpx.ASGITransport(self.app, client=("198.51.100.7", 40_000))
        client = httpx.AsyncClient(transport=transport, base_url="http://port.test", headers=headers)
        self.clients.append(client)
        return client

    def machine(self, name: str) -> httpx.AsyncClient:
        """Return a machine's client."""
        return self.client(authorization=f"Bearer {self.tokens[name]}")

    async def firm(self, name: str, *firms: str) -> httpx.AsyncClient:
        """Return the machine of a carrier's account that acts for some firms, or for none."""
        account = Account(name, name, Agency.TRADE, (Role.CARRIER,), firms=firms)
        await self.ledger.append(save_account(account, "test", self.clock.now()))
        secret = self.secret()
        await self.ledger.append(issue_token(account, "test", secret, self.clock.now(), None)[1])
        return self.client(authorization=f"Bearer {secret}")

    async def person(self, name: str) -> httpx.AsyncClient:
        """Return the client of a person who signed in."""
        client = self.client(**{"x-kouan-csrf": "1"})
        answer = await client.post("/api/v1/session", json={"username": name, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return client

    async def reader(self, name: str, purpose: str) -> httpx.AsyncClient:
        """Return the client of a person who is on shift, if their office has one, and reads for a purpose."""
        client = await self.person(name)
        answer = await client.post("/api/v1/shift")
        assert answer.status_code in (201, 403, 409), answer.text
        client.headers["kouan-purpose"] = purpose
        return client

    async def close(self) -> None:
        for client in self.clients:
            await client.aclose()
        self.driver.close()
        self.broker.close()
        await self.ledger.close()


@contextlib.asynccontextmanager
async def web_port(**changes: Any) -> AsyncIterator[WebPort]:
    """Open a port with people; ``changes`` replace members of its Services."""
    port = await WebPort().start(**changes)
    await port.people()
    try:
        yield port
    finally:
        await port.close()


def json_of(answer: httpx.Response) -> Any:
    return msgspec.json.decode(answer.content)


async def until(done: Callable[[], bool], patience_s: float = 10) -> None:
    """Let the loop run until something holds."""
    loop = asyncio.get_running_loop()
    give_up = loop.time() + patience_s
    while not done():
        assert loop.time() < give_up, "it never came to be"
        await asyncio.sleep(0)
