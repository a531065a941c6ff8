"""Planning (规划): studies from a port's own files, and the flow model that says what would change them."""
