"""The lane controller in process: one identity on the broker, and a nonce log that outlives it."""

from collections.abc import Mapping, Sequence
from random import Random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kouan.adapters.lane_controller.driver import run_lane_controller, subscriptions
from kouan.adapters.lane_controller.memory_log import Medium
from kouan.adapters.memory.broker import MemoryBroker
from kouan.adapters.memory.link import MemoryLink
from kouan.adapters.mqtt.link import Will
from kouan.protocols import topics
from kouan.protocols.jws import PrivateKeySigner
from kouan.protocols.status.messages import DeviceStatus
from kouan.vocabulary.clock import Clock
from kouan.vocabulary.errors import KouanError
from kouan.wiring.twin.life import Life
from kouan.wiring.twin.node import Node
from kouan.wiring.twin.watched import FencedNonceLog, Tell, tell_nobody

NAME = "lane-controller"


class Controller(Node):
    """The lane controller on a medium and a broker that outlive it."""

    def __init__(
        self,
        port: str,
        lanes: Sequence[str],
        medium: Medium,
        broker: MemoryBroker,
        clock: Clock,
        signer: PrivateKeySigner,
        keys: Mapping[str, Ed25519PublicKey],
        chance: Random,
        *,
        tell: Tell = tell_nobody,
        forgiving: bool = False,
    ) -> None:
        super().__init__("controller", tell, forgiving=forgiving)
        self.medium = medium
        self.clock = clock
        self._port = port
        self._lanes = tuple(lanes)
        self._broker = broker
        self._signer = signer
        self._keys = keys
        self._chance = chance
        self._link: MemoryLink | None = None

    async def open(self, life: Life) -> None:
        """Read the log, meet the broker, and serve the lanes."""
        log = FencedNonceLog(self.medium, life, self.tell, Random(self._chance.getrandbits(64)))
        topic = f"kouan/{self._port}/{self._lanes[0]}/controller/status"
        gone = DeviceStatus(device=NAME, seq=0, at=self.clock.now(), online=False)
        self._link = self._broker.device_link(
            NAME,
            subscriptions=subscriptions(self._port),
            will=Will(topic, topics.encode(topic, gone)),
            persistent=True,
        )
        life.spawn(self._run(self._link, log), "controller")

    def fence(self) -> None:
        """Send nothing more; the log knows that its process is dead."""
        if self._link is not None:
            self._link.crash()

    def cut_power(self) -> int:
        """Lose what the medium had not made durable but for a torn first part; return how many bytes of it stayed."""
        before = len(self.medium.durable)
        self.medium.cut_power(self._chance)
        return len(self.medium.durable) - before

    async def _run(self, link: MemoryLink, log: FencedNonceLog) -> None:
        try:
            await run_lane_controller(
                link, log, self.clock, self._signer, self._keys, self._port, self._lanes,
                chance=Random(self._chance.getrandbits(64)),
            )  # fmt: skip
            self.failed(KouanError("the lane controller's link was closed"))
        except KouanError as error:
            self.failed(error)
