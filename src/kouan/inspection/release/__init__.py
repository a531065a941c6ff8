"""When goods may leave and when they may be sold: release regimes as dated rules and one pure state machine."""
