"""A port keeps what the hub tells it: every bulletin is verified and recorded before anything acts on it."""

import logging
from collections.abc import Callable, Mapping
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kouan.ledger.roles import Appended, Ledger
from kouan.network import units
from kouan.network.bulletins import BulletinKept, may_keep
from kouan.network.records import EdgeRecords, KeptBulletin
from kouan.network.roles import Kept
from kouan.protocols.network.codec import BULLETINS
from kouan.protocols.network.messages import Bulletin, BulletinKind
from kouan.vocabulary.clock import Clock, Instant
from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.verdict import Refused

_log = logging.getLogger(__name__)


class BulletinKeeper:
    """The Bulletins role at one port of one region; ``start`` it before anything asks."""

    def __init__(
        self,
        region: str,
        port: str,
        ledger: Ledger,
        records: EdgeRecords,
        hub_key: tuple[str, Ed25519PublicKey],
        clock: Clock,
    ) -> None:
        self._region = region
        self._port = port
        self._ledger = ledger
        self._records = records
        self._keys = dict([hub_key])
        self._clock = clock
        self._kept: dict[BulletinKind, Kept] = {}
        self._listeners: list[Callable[[BulletinKind], None]] = []

    async def start(self) -> None:
        """Take up what was kept before; what no longer verifies is left out, and the hub sends it again."""
        for row in await self._records.bulletins():
            try:
                bulletin: Bulletin = BULLETINS.verify(self._keys, row.signed)
            except InvalidValue as error:
                _log.error("the bulletin %s that was kept does not verify: %s", row.kind, error)
                continue
            self._kept[bulletin.kind] = Kept(bulletin, row.received_at)

    def latest(self, kind: BulletinKind) -> Kept | None:
        """Return the bulletin of the highest version, None where the port never had one."""
        return self._kept.get(kind)

    def on_change(self, tell: Callable[[BulletinKind], None]) -> None:
        """Call ``tell`` each time that the items of a kind changed, after the change is durable."""
        self._listeners.append(tell)

    def fresh_at(self) -> Instant | None:
        """Return when the hub issued the latest bulletin that came in, None before the first."""
        return max((kept.bulletin.issued_at for kept in self._kept.values()), default=None)

    def versions(self) -> Mapping[BulletinKind, int]:
        """Return the versions that are held, by kind."""
        return {kind: kept.bulletin.version for kind, kept in self._kept.items()}

    async def hear(self, compact: bytes) -> None:
        """Take a bulletin; raise InvalidValue for what the hub did not sign, Unavailable where it cannot be kept."""
        bulletin: Bulletin = BULLETINS.verify(self._keys, compact)
        now = self._clock.now()
        held = self._kept.get(bulletin.kind)
        verdict = may_keep(held.bulletin if held else None, bulletin, self._region, self._port, now)
        if isinstance(verdict, Refused):
            _log.info("a bulletin %s was not kept: %s", bulletin.kind, verdict.reasons[0].code)
            return
        row = KeptBulletin(bulletin.kind, bulletin.version, bulletin.issued_at, now, bytes(compact))
        if held is not None and held.bulletin.version == bulletin.version:
            await self._records.refresh(row)
            self._kept[bulletin.kind] = Kept(bulletin, now)
            return
        if isinstance(await self._ledger.append(units.keeping(bulletin, row, _body(bulletin, compact))), Appended):
            self._kept[bulletin.kind] = Kept(bulletin, now)
            for tell in self._listeners:
                tell(bulletin.kind)


def _body(bulletin: Bulletin, compact: bytes) -> BulletinKept:
    whole = None if bulletin.kind is BulletinKind.SIGHTINGS else compact.decode("ascii")
    return BulletinKept(
        bulletin.kind,
        bulletin.region,
        bulletin.version,
        bulletin.issued_at,
        bulletin.valid_until,
        len(bulletin.items),
        sha256(compact).hexdigest(),
        whole,
    )
