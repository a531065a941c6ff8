"""The flow model: discrete events of a whole port, a million and more of them a second."""
