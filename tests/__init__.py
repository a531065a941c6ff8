"""The tests: a package of its own, so that one of the same name in site-packages is never meant."""
