"""The lane controller's process: its durable nonce log, in a file and in memory, and its driver."""
