"""The live board: the port as it stands after the last commit, for every screen at once."""
