"""``kouan bench targeting``: what targeting finds in a simulated trade with planted fraud, drift included."""
