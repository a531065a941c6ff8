"""Measures a study: its speed and memory on a sample of any size, and how true its visits are."""
