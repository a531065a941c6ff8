"""The signal light and the text display that drivers see."""
