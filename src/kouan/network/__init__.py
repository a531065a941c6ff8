"""Edge and hub: a port's ledger copied to its region and witnessed there, and what the region tells its ports."""
