"""HTTP and event streams, a file per context: parse → use case → render."""
