"""Papers from files: what headers and cells mean, rows put together to documents, and which row was wrong."""
