"""What proves the port: virtual time, and (as it grows) faults, invariants and benches."""
