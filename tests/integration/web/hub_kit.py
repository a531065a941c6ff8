"""A region whose ports stand as a test says, behind the hub's own web application."""

import contextlib
import itertools
from collections.abc import AsyncIterator, Sequence
from random import Random
from typing import Any

import httpx
import msgspec
from argon2 import PasswordHasher as Argon2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace
from tests.integration.web.web_kit import PASSWORD, HandClock

from kouan.access.people import Account, Agency, Principal, Role
from kouan.access.use_cases import issue_token, save_account
from kouan.adapters.board.region import LiveRegion, RegionSetting
from kouan.adapters.memory.access import MemoryAccounts
from kouan.adapters.memory.disk import MemoryDisk
from kouan.adapters.memory.ledger import MemoryLedger, MemorySubjects
from kouan.adapters.passwords import Argon2Hasher
from kouan.adapters.signing.sealing import Sealer, SealingKeys
from kouan.network.records import InForce, PreAuthorisedRecord, RegionHold, Watched
from kouan.network.views import Flow, PortStanding, RegionAlarm
from kouan.protocols.jws import PrivateKeySigner
from kouan.protocols.network.messages import HoldItem, PreAuthorisedItem, RulebookItem, WatchItem
from kouan.vocabulary.clock import SECOND, Clock, Instant
from kouan.vocabulary.errors import NotFound, Unavailable
from kouan.vocabulary.verdict import GRANTED, Granted, Refused, refuse
from kouan.web.app import create_hub_app
from kouan.web.hub_services import HubServices
from kouan.wiring.messages import catalogues
from kouan.wiring.region_file import drawn_region, facts_of, load_region
from kouan.wiring.region_gate import port_facts_of

REGION = load_region()
HOUR_US = 3600 * SECOND

HUB_PEOPLE: dict[str, tuple[Agency, tuple[Role, ...]]] = {
    "region": (Agency.CUSTOMS, (Role.REGION_OFFICER,)),
    "stranger": (Agency.TRADE, (Role.REGION_OFFICER,)),
    "auditor": (Agency.SITE, (Role.AUDITOR,)),
    "admin": (Agency.SITE, (Role.ADMINISTRATOR,)),
    "duty": (Agency.CUSTOMS, (Role.DUTY_OFFICER,)),
    "carrier": (Agency.TRADE, (Role.CARRIER,)),
}


class Region:
    """The hub's records and desk, in memory: what a test sets is what stands."""

    def __init__(self) -> None:
        self.ports: dict[str, PortStanding] = {
            facts.port: PortStanding(**msgspec.structs.asdict(facts)) for facts in port_facts_of(REGION)
        }
        self.flows: list[Flow] = []
        self.acknowledged: list[tuple[str, str, str]] = []
        self.told: list[msgspec.Struct] = []
        self.standing = InForce([], [], [], [])
        self.resumed: list[tuple[str, str, str]] = []
        self.gone = False
        self.at: Instant = 0

    def stands(self, port: str, **changes: Any) -> None:
        """Change how a port stands; it is enrolled from then on."""
        self.ports[port] = replace(self.ports[port], **({"enrolled": True} | changes))

    def raises(self, alarm: RegionAlarm) -> None:
        """Raise an alarm, or replace it."""
        others = tuple(other for other in self.ports[alarm.port].alarms if other.number != alarm.number)
        self.stands(alarm.port, alarms=(alarm, *others))

    async def standings(self) -> Sequence[PortStanding]:
        if self.gone:
            raise Unavailable("the database is away")
        return list(self.ports.values())

    async def alarms(self, limit: int = 100) -> Sequence[RegionAlarm]:
        found = [alarm for standing in self.ports.values() for alarm in standing.alarms]
        return sorted(found, key=lambda alarm: (alarm.acknowledged_by is not None, -alarm.at))[:limit]

    async def flow(self, port: str | None, since: Instant, until: Instant) -> Sequence[Flow]:
        found = [flow for flow in self.flows if port in (None, flow.port) and since <= flow.hour < until]
        return sorted(found, key=lambda flow: (flow.hour, flow.port))

    async def acknowledge(self, number: str, by: Principal, reason: str) -> Granted | Refused:
        alarm = next((alarm for alarm in await self.alarms() if alarm.number == number), None)
        if alarm is None:
            raise NotFound(f"there is no alarm {number}")
        if alarm.acknowledged_by is not None:
            return refuse("network.acknowledged", by=alarm.acknowledged_by)
        self.raises(replace(alarm, acknowledged_by=by.username))
        self.acknowledged.append((number, by.username, reason))
        return GRANTED

    async def resume(self, port: str, by: Principal, reason: str) -> Granted | Refused:
        standing = self.ports.get(port)
        if standing is None or standing.suspended is None:
            return refuse("network.not_suspended", port=port)
        self.stands(port, suspended=None)
        self.resumed.append((port, by.username, reason))
        return GRANTED

    async def in_force(self) -> InForce:
        return self.standing

    async def lift_hold(self, number: str, by: Principal, reason: str) -> Granted | Refused:
        left = [one for one in self.standing.holds if one.number != number]
        return self._ended(number, holds=left, before=self.standing.holds)

    async def remove_watch(self, number: str, by: Principal) -> Granted | Refused:
        left = [one for one in self.standing.watched if one.number != number]
        return self._ended(number, watched=left, before=self.standing.watched)

    async def withdraw(self, plate: str, by: Principal, reason: str) -> Granted | Refused:
        left = [one for one in self.standing.permits if one.plate != plate]
        return self._ended(plate, permits=left, before=self.standing.permits)

    async def place_hold(self, hold: HoldItem, by: Principal) -> Granted | Refused:
        placed = RegionHold(**msgspec.structs.asdict(hold), placed_by=by.username, placed_at=self.at)
        self.standing = replace(self.standing, holds=[*self.standing.holds, placed])
        return self._told(hold)

    async def add_watch(self, item: WatchItem, by: Principal) -> tuple[str, Granted | Refused]:
        number = f"watch-{len(self.told)}"
        added = Watched(**msgspec.structs.asdict(item), number=number, added_by=by.username, added_at=self.at)
        self.standing = replace(self.standing, watched=[*self.standing.watched, added])
        return number, self._told(item)

    async def preauthorise(self, item: PreAuthorisedItem, by: Principal) -> Granted | Refused:
        given = PreAuthorisedRecord(**msgspec.structs.asdict(item), given_by=by.username, given_at=self.at)
        self.standing = replace(self.standing, permits=[*self.standing.permits, given])
        return self._told(item)

    async def publish(self, book: RulebookItem, by: Principal) -> Granted | Refused:
        return self._told(book)

    def _ended(self, number: str, *, before: Sequence[Any], **left: Sequence[Any]) -> Granted | Refused:
        (after,) = left.values()
        if len(after) == len(before):
            return refuse("network.not_in_force", number=number)
        self.standing = replace(self.standing, **left)
        return GRANTED

    def _told(self, item: msgspec.Struct) -> Granted:
        self.told.append(item)
        return GRANTED


class WebHub:
    """The hub: its region, its application, and clients of it."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or HandClock()
        self.region = Region()
        self.region.at = self.clock.now()
        self.chance = Random(1)
        self.secrets = itertools.count()
        self.hasher = Argon2Hasher(Argon2(time_cost=1, memory_cost=8, parallelism=1))
        self.clients: list[httpx.AsyncClient] = []
        self.tokens: dict[str, str] = {}

    async def start(self, **changes: Any) -> "WebHub":
        disk, sealer = MemoryDisk(), Sealer(SealingKeys(bytes(32), bytes(range(32))), self.chance.randbytes)
        self.ledger = await MemoryLedger.open_writer(disk, "hub", self.clock, sealer)
        heads = PrivateKeySigner("ledger:hub", Ed25519PrivateKey.from_private_bytes(bytes(32)))
        facts = {port.name: facts_of(port) for port in REGION.ports}
        setting = RegionSetting(drawn_region(REGION), facts, {"ganqimaodu": "https://ganqimaodu.example"})
        self.board = LiveRegion(setting, self.region, self.clock)
        await self.board.start()
        self.services = HubServices(
            **{
                "name": {"zh": REGION.title.zh, "en": REGION.title.en},
                "clock": self.clock,
                "board": self.board,
                "desk": self.region,
                "ledger": self.ledger,
                "subjects": MemorySubjects(disk, sealer),
                "accounts": MemoryAccounts(disk, "hub"),
                "hasher": self.hasher,
                "messages": catalogues(),
                "tiles": self.ledger,
                "ledger_key": heads.public_key.public_bytes_raw(),
                "ledger_key_id": heads.key_id,
                "secret": self.secret,
                **changes,
            }
        )
        self.app = create_hub_app(self.services)
        await self._people()
        return self

    async def _people(self) -> None:
        hashed = await self.hasher.hash(PASSWORD)
        for name, (agency, roles) in HUB_PEOPLE.items():
            account = Account(name, name.title(), agency, roles, password_hash=hashed)
            await self.ledger.append(save_account(account, "test", self.clock.now()))
            secret = self.secret()
            _, unit = issue_token(account, "test", secret, self.clock.now(), None)
            await self.ledger.append(unit)
            self.tokens[name] = secret

    def secret(self) -> str:
        return f"secret-{next(self.secrets)}-{self.chance.getrandbits(128):032x}"

    def client(self, **headers: str) -> httpx.AsyncClient:
        """Return a client with its own cookies."""
        transport = httpx.ASGITransport(self.app, client=("198.51.100.7", 40_000))
        client = httpx.AsyncClient(transport=transport, base_url="http://hub.test", headers=headers)
        self.clients.append(client)
        return client

    def machine(self, name: str) -> httpx.AsyncClient:
        """Return a client with the token of an account."""
        return self.client(authorization=f"Bearer {self.tokens[name]}")

    async def close(self) -> None:
        for client in self.clients:
            await client.aclose()
        await self.ledger.close()


@contextlib.asynccontextmanager
async def web_hub(**changes: Any) -> AsyncIterator[WebHub]:
    """Open a hub with people; ``changes`` replace members of its HubServices."""
    hub = await WebHub().start(**changes)
    try:
        yield hub
    finally:
        await hub.close()
