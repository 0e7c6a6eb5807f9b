"""Where jobs are kept: one transaction for each step, in SQLite or PostgreSQL."""

from serve.jobs.store.job_store import JobStore

__all__ = ["JobStore"]
