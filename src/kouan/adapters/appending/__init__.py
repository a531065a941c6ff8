"""How units become entries whatever the store: group commit, numbering, chaining; shared by PostgreSQL and memory."""
