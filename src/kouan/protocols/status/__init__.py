"""Whether a device is there, and what ails it."""
