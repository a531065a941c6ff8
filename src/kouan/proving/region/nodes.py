"""The processes of a simulated region: a hub, and edges whose ledgers outlive them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from random import Random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kouan.adapters.heads import HeadSigner
from kouan.adapters.memory.broker import MemoryBroker
from kouan.adapters.memory.disk import MemoryDisk
from kouan.adapters.memory.ledger import MemoryLedger
from kouan.adapters.memory.link import MemoryLink
from kouan.adapters.memory.network import MemoryEdgeRecords, MemoryHubRecords
from kouan.adapters.network.issuer import BulletinIssuer
from kouan.adapters.network.port_copy import Hub
from kouan.adapters.network.taker import Taker
from kouan.adapters.signing.sealing import Sealer, SealingKeys
from kouan.network.travel import Distances
from kouan.network.views import PortFacts
from kouan.protocols.jws import PrivateKeySigner
from kouan.protocols.network.messages import BulletinKind
from kouan.vocabulary.clock import Clock
from kouan.wiring.edge import Edge, HubIdentity, open_edge
from kouan.wiring.twin.life import Life
from kouan.wiring.twin.node import Node
from kouan.wiring.twin.watched import Tell, tell_nobody

HUB = "hub"
"""The name under which the hub's own ledger stands."""

FROM_EDGES = ("entries", "head", "wanted")
TO_EDGE = ("taken", "witnessed", "bulletin")
"""What each side listens to; as the hub's server lets them."""


def sealer_of(chance: Random) -> Sealer:
    """Return a sealer whose keys follow from a seed; for simulations only."""
    return Sealer(SealingKeys(chance.randbytes(32), chance.randbytes(32)), chance.randbytes)


class HubNode(Node):
    """The hub on a disk and a broker that outlive it."""

    def __init__(
        self,
        region: str,
        disk: MemoryDisk,
        broker: MemoryBroker,
        clock: Clock,
        signer: PrivateKeySigner,
        facts: Sequence[PortFacts],
        keys: Callable[[str], Ed25519PublicKey | None],
        enrolled: Callable[[], Collection[str]],
        chance: Random,
        tell: Tell = tell_nobody,
    ) -> None:
        super().__init__(HUB, tell, forgiving=True)
        self.disk = disk
        self.records = MemoryHubRecords(disk, facts, enrolled, clock)
        self.ledger: MemoryLedger
        self.issuer: BulletinIssuer
        self._region = region
        self._broker = broker
        self._clock = clock
        self.signer = signer
        self._distances = Distances({one.port: one for one in facts})
        self._keys = keys
        self._enrolled = enrolled
        self._sealer = sealer_of(chance)
        self._link: MemoryLink | None = None

    async def open(self, life: Life) -> None:
        """Become the hub's writer, and take and issue from where an earlier life stopped."""
        await life.within(self._begin(life), "hub-start")

    def fence(self) -> None:
        """Write nothing more, and send nothing more."""
        if hasattr(self, "ledger"):
            self.ledger.crash()
        if self._link is not None:
            self._link.end()

    async def _begin(self, life: Life) -> None:
        topics = tuple(f"kouan/+/hub/{channel}" for channel in FROM_EDGES)
        link = self._link = self._broker.device_link(HUB, subscriptions=topics)
        self.ledger = await MemoryLedger.open_writer(self.disk, HUB, self._clock, self._sealer)
        hub = Hub(self._region, self.ledger, self.records, self.signer, self._distances, self._clock)
        issuer = self.issuer = BulletinIssuer(hub, link, self._enrolled)
        taker = Taker(hub, link, self._keys, issuer.asked, issuer.wake)
        life.spawn(taker.run(), "taker")
        life.spawn(issuer.run(), "issuer")


class EdgeNode(Node):
    """A port of which only the ledger and its way to the hub are simulated; entries are written from outside."""

    def __init__(
        self,
        port: str,
        hub: HubIdentity,
        disk: MemoryDisk,
        broker: MemoryBroker,
        clock: Clock,
        signer: PrivateKeySigner,
        chance: Random,
        poll_s: float,
        tell: Tell = tell_nobody,
    ) -> None:
        super().__init__(f"edge {port}", tell, forgiving=True)
        self.port = port
        self.disk = disk
        self.ledger: MemoryLedger
        self.edge: Edge
        self.link: MemoryLink | None = None
        self._hub = hub
        self._broker = broker
        self._clock = clock
        self._signer = signer
        self._poll_s = poll_s
        self._sealer = sealer_of(chance)
        self.went_back: list[str] = []
        self._acted_on: dict[BulletinKind, int] = {}

    async def open(self, life: Life) -> None:
        """Become the port's writer, and forward from where the hub stands."""
        await life.within(self._begin(life), f"{self.port}-start")

    def fence(self) -> None:
        """Write nothing more, and send nothing more."""
        if hasattr(self, "ledger"):
            self.ledger.crash()
        if self.link is not None:
            self.link.end()

    async def _begin(self, life: Life) -> None:
        self.link = join(self._broker, self.port, self.link)
        self.ledger = await MemoryLedger.open_writer(self.disk, self.port, self._clock, self._sealer)
        records = MemoryEdgeRecords(self.disk, self.port)
        self.edge = await open_edge(self.port, self._hub, self.ledger, records, self.link, self._clock, self._poll_s)
        self.edge.keeper.on_change(self._heed)
        for number, part in enumerate(self.edge.parts()):
            life.spawn(part, f"{self.port}-{number}")
        heads = HeadSigner(self.ledger, self.ledger.writer, self._signer, self.port, self._clock)
        life.spawn(heads.run(), f"{self.port}-heads")

    def _heed(self, kind: BulletinKind) -> None:
        """Note where the port acts on an older list than before, in whichever of its lives (I13)."""
        kept = self.edge.keeper.latest(kind)
        version, before = kept.bulletin.version if kept else 0, self._acted_on.get(kind, 0)
        if version < before:
            self.went_back.append(f"it acted on {kind} of version {version} after {before}")
        self._acted_on[kind] = max(version, before)


def join(broker: MemoryBroker, port: str, before: MemoryLink | None) -> MemoryLink:
    """Return a port's new link to the hub's broker; a road that is cut stays cut, whoever tries it."""
    topics = tuple(f"kouan/{port}/hub/{channel}" for channel in TO_EDGE)
    link = broker.device_link(f"edge-{port}", subscriptions=topics)
    if before is not None:
        link.up, link.down = before.up, before.down
    return link


def keys_by_port(signers: Mapping[str, PrivateKeySigner]) -> Callable[[str], Ed25519PublicKey | None]:
    """Return what looks up the key under which a port signs its heads."""
    keys = {port: signer.public_key for port, signer in signers.items()}
    return keys.get
