"""The proof about release: every state under every rule version is visited, and wrong rules and machines are caught."""
