"""Exports as a port's gate and scales write them, with the truth behind them kept beside."""
