"""Seeds: each is ten virtual minutes of a port under faults, judged by every invariant, replayed by one command."""
