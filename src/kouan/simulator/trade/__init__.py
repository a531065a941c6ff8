"""A simulated trade with planted fraud: who imports what from whom, and who lies about it, in which way."""
