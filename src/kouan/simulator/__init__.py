"""The physical field: vehicles, people, devices and other parties that speak the wire protocols, and nothing else."""
