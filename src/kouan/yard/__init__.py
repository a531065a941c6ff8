"""The supervised yard (监管场所): two weighings, tally, stack, custody, pick-up; pure."""
