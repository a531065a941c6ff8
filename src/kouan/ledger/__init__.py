"""Append-only facts: entries, hash chain, Merkle tree (RFC 6962), signed heads and proofs; pure."""
