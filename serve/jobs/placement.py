"""Decides whether a service takes jobs, and checks that its store and uploads can hold them."""

from models.errors import ConfigurationError
from serve.config.settings import Settings

__all__ = ["takes_jobs"]


def takes_jobs(settings: Settings, *, on_one_machine: bool) -> bool:
    """Decide whether a service takes jobs.

    Args:
        settings: The whole tree.
        on_one_machine: Whether all ingress replicas are on one machine that outlives them, as with `rayocr serve`.

    Raises:
        ConfigurationError: Jobs are asked for on a cluster, but not all replicas reach the store or the uploads.
    """
    jobs = settings.jobs
    if on_one_machine:
        return jobs.enabled is not False
    if jobs.enabled is False or (jobs.enabled is None and jobs.store is None):
        return False
    if jobs.store is None:
        raise ConfigurationError(
            "jobs.enabled is true on a Ray cluster, where a node's disk is lost with the node: set jobs.store to a "
            "PostgreSQL (postgresql://user@host/database)"
        )
    if settings.http.replicas > 1 and jobs.store_url.startswith("sqlite:"):
        raise ConfigurationError(
            f"jobs.store is a file, and http.replicas is {settings.http.replicas}, and they may be on different nodes: "
            "set jobs.store to a PostgreSQL (postgresql://user@host/database)"
        )
    if jobs.uploads is None:
        raise ConfigurationError(
            "jobs.uploads is not set, and a node's disk is lost with the node: set it to a place that all nodes reach, "
            "such as s3://bucket/uploads/"
        )
    return True
