"""Rules that officers read and change: dated, signed documents, the tables in them, and how they come into force."""
