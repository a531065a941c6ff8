"""One examination (联合查验) for all agencies: what is asked is merged, planned, done once, and answered by each."""
