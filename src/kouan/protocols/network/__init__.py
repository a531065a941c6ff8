"""What edges and the hub of a region say to each other: ledger entries and heads one way, bulletins the other."""
