"""Users, agencies, roles and what each may do; deny by default."""
