"""Joint inspection (联合查验): papers, control orders and holds that the agencies share."""
