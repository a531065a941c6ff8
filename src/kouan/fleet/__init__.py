"""Driverless vehicles and remotely assisted lorries: the road, its traffic, and who drives what."""
