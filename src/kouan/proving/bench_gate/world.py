"""The port that is measured: many lanes, honest lorries with their papers, and keys that every process can make."""

from collections.abc import Mapping
from random import Random

import msgspec

from kouan.gate.procedures import Authority
from kouan.protocols.jws import PrivateKeySigner
from kouan.protocols.signed import agency_key, lane_controller_key, platform_key
from kouan.simulator.fleet import Fleet
from kouan.simulator.scenario import load_scenario
from kouan.simulator.vehicles import Lorry
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.places import Direction
from kouan.wiring.port_file import LaneSettings, PortFile, load
from kouan.wiring.twin import seeded_signer

LIKE = "ganqimaodu"
"""The port whose procedures, deadlines and rules the measured port has."""

PORT = "bench"

MIX: Mapping[str, float] = {
    "coking_coal_bulk": 0.70,
    "coking_coal_containers": 0.15,
    "copper_concentrate_containers": 0.10,
    "copper_concentrate_bags": 0.05,
}
"""Laden lorries as at Ganqimaodu; all of them bear seals, a quarter bears two containers."""


class FixedClock:
    """A clock that stands where it is put; what is made ahead of its time bears the time of ``at``."""

    def __init__(self, at: Instant) -> None:
        self.at = at

    def now(self) -> Instant:
        """Return the instant at which the clock stands."""
        return self.at

    def monotonic(self) -> int:
        """Return the same number."""
        return self.at


class Signers(msgspec.Struct, frozen=True):
    """The keys of everybody who signs; the same seed gives the same keys in every process."""

    platform: PrivateKeySigner
    controller: PrivateKeySigner
    agencies: Mapping[str, PrivateKeySigner]


def make_signers(seed: int) -> Signers:
    """Return the signers of the measured port."""
    chance = Random(f"bench-keys/{seed}")
    return Signers(
        platform=seeded_signer(platform_key(PORT), chance),
        controller=seeded_signer(lane_controller_key(PORT), chance),
        agencies={name.value: seeded_signer(agency_key(name.value, PORT), chance) for name in Authority},
    )


def make_port(lanes: int) -> PortFile:
    """Return a port with so many inbound lanes, in all else as ``LIKE``."""
    like = load(LIKE)
    shape = like.lanes[0]
    settings = tuple(
        LaneSettings(f"B{number + 1}", Direction.IN, shape.x + 12 * number, shape.y, shape.heading, shape.length_m)
        for number in range(lanes)
    )
    return msgspec.structs.replace(like, name=PORT, lanes=settings)


def make_lorries(seed: int, count: int, at: Instant) -> list[Lorry]:
    """Return laden lorries with which nothing is wrong; the same arguments give the same lorries."""
    fleet = Fleet(Random(f"bench-fleet/{seed}"), FixedClock(at), load_scenario("bench"), MIX, "0706")
    return [fleet.loaded(Direction.IN) for _ in range(count)]
