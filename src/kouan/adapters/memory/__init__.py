"""In-memory players of the roles, which can also lose, delay, duplicate and crash.

They ship with the package: tests and the simulation in virtual time run the platform on them.
"""
