"""The container camera: numbers, types and damage as read."""
