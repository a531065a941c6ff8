"""What a port may rely on of its bulletins, whoever plays them: the keeper of a real edge, or memory alone."""

from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.integration.web.web_kit import HandClock
from tests.unit.gate.passage_kit import NOON

from kouan.adapters.memory.bulletins import MemoryBulletins
from kouan.adapters.memory.disk import MemoryDisk
from kouan.adapters.memory.ledger import MemoryLedger
from kouan.adapters.memory.network import MemoryEdgeRecords
from kouan.adapters.network.keeper import BulletinKeeper
from kouan.adapters.signing.sealing import Sealer, SealingKeys
from kouan.network.roles import Bulletins
from kouan.protocols.jws import PrivateKeySigner
from kouan.protocols.network.codec import BULLETINS, hub_key
from kouan.protocols.network.messages import Bulletin, BulletinKind, HoldItem, Holds, WatchList
from kouan.vocabulary.clock import SECOND

PORT, REGION = "ganqimaodu", "inner-mongolia"
SIGNER = PrivateKeySigner(hub_key(REGION), Ed25519PrivateKey.from_private_bytes(bytes(32)))
Hear = Callable[[Bulletin], Awaitable[None]]


def holds(version: int, *numbers: str, at: int = NOON) -> Holds:
    items = tuple(HoldItem(number=n, authority="customs", kind="detain", plate="1234УБА", reason="-") for n in numbers)
    return Holds(region=REGION, port=PORT, version=version, issued_at=at, valid_until=at + 3600 * SECOND, items=items)


def watch_list(at: int) -> WatchList:
    return WatchList(region=REGION, port=PORT, version=1, issued_at=at, valid_until=at + 3600 * SECOND, items=())


@pytest.fixture(params=["memory", "keeper"])
async def player(request: pytest.FixtureRequest) -> tuple[Bulletins, Hear, HandClock]:
    clock = HandClock()
    if request.param == "memory":
        memory = MemoryBulletins(clock)

        async def take(bulletin: Bulletin) -> None:
            memory.hear(bulletin)

        return memory, take, clock
    disk = MemoryDisk()
    ledger: Any = await MemoryLedger.open_writer(
        disk, PORT, clock, Sealer(SealingKeys(bytes(32), bytes(32)), Random(1).randbytes)
    )
    records = MemoryEdgeRecords(disk, PORT)
    keeper = BulletinKeeper(REGION, PORT, ledger, records, (SIGNER.key_id, SIGNER.public_key), clock)
    await keeper.start()

    async def hear(bulletin: Bulletin) -> None:
        await keeper.hear(BULLETINS.sign(SIGNER, bulletin))

    return keeper, hear, clock


async def test_before_the_first_bulletin_nothing_is_known(player):
    bulletins, _, _ = player
    assert bulletins.latest(BulletinKind.HOLDS) is None
    assert bulletins.fresh_at() is None


async def test_the_highest_version_of_a_kind_is_kept_and_a_port_never_goes_back(player):
    bulletins, hear, _ = player
    for bulletin in (holds(2, "R2"), holds(1, "R1"), holds(2, "R2")):
        await hear(bulletin)
    assert bulletins.latest(BulletinKind.HOLDS).bulletin == holds(2, "R2")
    assert bulletins.latest(BulletinKind.WATCH_LIST) is None


async def test_only_new_items_are_told_and_they_are_there_by_then(player):
    bulletins, hear, clock = player
    told = []
    bulletins.on_change(lambda kind: told.append((kind, bulletins.latest(kind).bulletin.version)))
    await hear(holds(1, "R1"))
    clock.advance(20)
    await hear(holds(1, "R1", at=NOON + 20 * SECOND))
    await hear(holds(2))
    assert told == [(BulletinKind.HOLDS, 1), (BulletinKind.HOLDS, 2)]


async def test_a_bulletin_that_is_said_again_makes_everything_as_fresh_as_that(player):
    bulletins, hear, clock = player
    await hear(watch_list(NOON))
    await hear(holds(1, "R1"))
    clock.advance(20)
    await hear(holds(1, "R1", at=NOON + 20 * SECOND))
    assert bulletins.fresh_at() == NOON + 20 * SECOND
    kept = bulletins.latest(BulletinKind.HOLDS)
    assert (kept.bulletin.issued_at, kept.received_at) == (NOON + 20 * SECOND, NOON + 20 * SECOND)
