"""The counter of waiting vehicles before the gate."""
