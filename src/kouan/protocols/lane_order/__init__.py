"""Signed orders to a lane controller, the hold epoch, time polls and its reports."""
