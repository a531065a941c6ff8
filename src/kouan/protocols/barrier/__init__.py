"""The barrier controller: its positions, and the only command that opens it."""
