"""Bugs that somebody might have written, to be planted one at a time: a simulation that misses one proves nothing."""

from kouan.proving.planted.gate import GATE
from kouan.proving.planted.lane import LANE
from kouan.proving.planted.planting import NotPlanted, Planted, planted
from kouan.proving.planted.platform import PLATFORM

PLANTED: tuple[Planted, ...] = (*LANE, *GATE, *PLATFORM)
"""Every bug, by the part in which it is planted."""

__all__ = ["PLANTED", "NotPlanted", "Planted", "planted"]
