"""The nemesis: draws what goes wrong by a seed, does it to a simulated port, and counts what took effect."""
