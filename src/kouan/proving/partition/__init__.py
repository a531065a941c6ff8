"""Three edges and a hub on a network that is cut: what an edge records is at the hub once, sooner or later."""
