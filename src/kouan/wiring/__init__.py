"""Composition: the only place that names concrete adapters."""
