"""Durability on real engines: a disk that loses what was not synced, power cuts, flipped bits, and what survives."""
