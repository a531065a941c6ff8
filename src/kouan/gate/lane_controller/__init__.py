"""The lane controller: verifies an order, makes its nonce durable, then opens one barrier, at most once; pure.

It owes nothing to the platform: it has its own sight of the vehicle at the stop line, and its own memory. Its
process is ``adapters/lane_controller``.
"""

from kouan.gate.lane_controller.controller import step

__all__ = ["step"]
