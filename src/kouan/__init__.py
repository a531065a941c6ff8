"""kouan (口岸): an open operating system for smart land border ports."""

__version__ = "0.1.0"
