"""The radiation portal: Rapiscan lines, and the occupancies that they tell of."""
