"""Keys in files: Ed25519 pairs for signing, and the key under which personal data is sealed."""
