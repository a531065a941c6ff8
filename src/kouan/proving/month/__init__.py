"""A virtual month of a port's goods: the platform's own papers, release, targeting, bays and yard, without devices."""
