"""PostgreSQL (15 or newer) as the store of facts and of what is read from them; all SQL stands in ``queries/*.sql``."""
