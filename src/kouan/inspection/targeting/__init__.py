"""Targeting (布控选查): which goods are examined within a budget, why, and whether that choice is any good."""
