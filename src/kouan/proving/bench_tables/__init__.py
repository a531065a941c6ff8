"""Measures decision tables within the gate's decision path."""
