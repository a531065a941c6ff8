"""The one driver: feeds facts to the pure machines, records what they say, then does what they ask."""
