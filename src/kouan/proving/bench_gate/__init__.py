"""Measures of the gate's speed on embedded engines: ``kouan bench gate``; see docs/reference/benchmarks.md."""
