"""What a lane shares with the rest of the field."""

from collections.abc import Callable

import msgspec

from kouan.simulator.fleet import Fleet
from kouan.simulator.roles import Sleep, Spawn
from kouan.simulator.scenario import Scenario
from kouan.simulator.traders import Traders
from kouan.simulator.truth import Diary
from kouan.simulator.vehicles import Lorry
from kouan.vocabulary.clock import Clock


class Left(msgspec.Struct, frozen=True):
    """How a lorry left the lane."""

    lorry: Lorry
    exit: str


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What all lanes share; ``speed`` is how many of the field's seconds pass in one of the wall clock."""

    clock: Clock
    sleep: Sleep
    spawn: Spawn
    scenario: Scenario
    fleet: Fleet
    traders: Traders
    diary: Diary
    left: Callable[[Left], None]
    tailgated: Callable[[str], None]
    speed: float = 1.0
