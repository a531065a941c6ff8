"""The weighbridge indicator: XK3190 frames, and the rule by which a weight is stable."""
