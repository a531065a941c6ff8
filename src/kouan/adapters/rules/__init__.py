"""Decision tables in force, evaluated by an engine or row by row, and the rule documents that come with kouan."""
