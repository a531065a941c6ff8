"""How a vehicle moves: the least times and distances of driving, as planning and bounds need them."""

import math

from kouan.fleet.road.road_map import Vehicle


def rest_to_rest_s(vehicle: Vehicle, length_m: float, speed_mps: float) -> float:
    """Return the least seconds from standing to standing over a length: gain speed, keep it, lose it."""
    gains, slows = vehicle.gains_mps2, vehicle.slows_mps2
    top = min(speed_mps, math.sqrt(2 * length_m * gains * slows / (gains + slows)))
    ramps_m = top**2 / (2 * gains) + top**2 / (2 * slows)
    return top / gains + top / slows + max(0.0, length_m - ramps_m) / speed_mps


def passing_s(length_m: float, speed_mps: float) -> float:
    """Return the least seconds over a length at full speed."""
    return length_m / speed_mps


def braking_m(vehicle: Vehicle, speed_mps: float) -> float:
    """Return how far a vehicle surely comes from a speed to a stand."""
    return speed_mps**2 / (2 * vehicle.brakes_mps2)


def speed_within(vehicle: Vehicle, distance_m: float) -> float:
    """Return the highest speed from which a vehicle comes to stand within a distance as it drives."""
    return math.sqrt(2 * vehicle.slows_mps2 * max(0.0, distance_m))
