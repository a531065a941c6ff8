"""Engines that start themselves: PostgreSQL and nats-server as supervised child processes, from wheels."""
