"""Is the flow model right, and how fast is it: exact checks, the whole platform, published figures, and its peers."""
