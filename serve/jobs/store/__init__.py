"""The store of jobs, in SQLite or PostgreSQL: each step is one transaction.

The tables and connections are in `serve.jobs.store.database`. The work on pages is in `serve.jobs.background`.
"""

from serve.jobs.store.job_store import JobStore

__all__ = ["JobStore"]
