"""The reader of electronic seals."""
