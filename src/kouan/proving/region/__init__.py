"""Edges and a hub in virtual time: cuts, crashes, clones, and what must hold when all is whole again."""
