"""Cases of the job store, which every database must pass: SQLite in tests/unit, PostgreSQL in tests/integration."""
