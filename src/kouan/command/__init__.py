"""Command: what people on watch are told of, and what they do about it."""
