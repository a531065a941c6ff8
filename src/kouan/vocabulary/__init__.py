"""Words that every part of kouan shares; this package imports nothing of ours."""
