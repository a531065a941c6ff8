"""The lane PLC: loops, light curtains, vehicle profile, crossings and its own faults."""
