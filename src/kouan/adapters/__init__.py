"""Players of the roles: everything here does I/O, and nothing here decides."""
