"""Solves the lane plan of a day."""
