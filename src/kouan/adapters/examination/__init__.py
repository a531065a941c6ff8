"""What drives examinations: bays are planned when something changes, drivers are called, and holds are followed."""
