"""Learning from what was examined, by LightGBM; it is imported only when something is learned."""
