"""The disinfection unit."""
