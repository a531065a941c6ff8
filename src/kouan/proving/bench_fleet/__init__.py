"""The fleet's traffic under vehicles that drive: throughput against its bound, and layouts in which traffic locks."""
