"""The BayPlanner role over OR-tools' CP-SAT: in a worker process, or in process where time is virtual."""
