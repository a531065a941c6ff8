"""The port and its field in one process, in memory, on whatever loop runs them: the twin of the live port."""

from kouan.wiring.twin.controller import Controller
from kouan.wiring.twin.node import DEAD_S
from kouan.wiring.twin.people import Desk, Office
from kouan.wiring.twin.platform import Platform
from kouan.wiring.twin.port import SimulatedPort, seeded_signer
from kouan.wiring.twin.run import Twin, run_twin

__all__ = ["DEAD_S", "Controller", "Desk", "Office", "Platform", "SimulatedPort", "Twin", "run_twin", "seeded_signer"]
