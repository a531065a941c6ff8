"""Edge and hub at work: forwarding and taking ledgers, keeping and issuing bulletins."""
