"""``kouan bench bays``: what planning bays saves on simulated days, and how long it takes."""
