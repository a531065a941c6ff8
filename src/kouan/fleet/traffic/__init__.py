"""Traffic without collision and without deadlock: plans in time, the order that they fix, and what may be granted."""
