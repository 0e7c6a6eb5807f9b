"""Decides what clients may read, and by which names they may ask, if the settings leave it open."""

from dataclasses import replace

from deployments.storage.rights import EVERYTHING, ReadRights
from serve.config.access import access_file
from serve.config.settings import Settings

__all__ = ["LOOPBACK", "read_rights", "with_default_rights", "with_loopback_defaults"]

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def with_default_rights(settings: Settings, *, on_loopback: bool) -> Settings:
    """Fill in `storage.allowed` if it is not set: everything if only this machine is served, otherwise nothing.

    Who gives rights to single clients does not mean that all others may read everything.

    Args:
        settings: The whole tree.
        on_loopback: Whether the service listens on a loopback address alone.
    """
    if settings.storage.allowed is not None:
        return settings
    is_open = on_loopback and settings.http.access_file is None
    storage = settings.storage.model_copy(update={"allowed": (EVERYTHING,) if is_open else ()})
    return settings.model_copy(update={"storage": storage})


def read_rights(settings: Settings) -> ReadRights:
    """Gather what clients may read. Uploads are of the service: no client reads those of another by their location.

    Args:
        settings: The whole tree. If it leaves `storage.allowed` open, everything is allowed.

    Raises:
        ConfigurationError: The access file can't be used.
    """
    access = access_file(settings.http)
    allowed, uploads = settings.storage.allowed, settings.jobs.uploads_location
    rights = ReadRights(
        allowed=(EVERYTHING,) if allowed is None else allowed,
        hidden=(uploads,) if uploads.startswith(EVERYTHING) else (),
    )
    return rights if access is None else replace(rights, own=lambda client: access.of(client).read)


def with_loopback_defaults(settings: Settings) -> Settings:
    """Make the settings of a service on one machine: on loopback, only names of this machine are answered.

    There, the web page is shown too, and uploads of jobs are kept for it.

    Args:
        settings: The whole tree. What it sets stays.
    """
    http = settings.http
    if http.host not in LOOPBACK:
        return settings
    hosts = sorted(LOOPBACK) if http.allowed_hosts is None else http.allowed_hosts
    page = http.web_page is not False
    http = http.model_copy(update={"allowed_hosts": hosts, "web_page": page})
    jobs = settings.jobs.model_copy(update={"keep_uploads": settings.jobs.keep_uploads is not False})
    return settings.model_copy(update={"http": http, "jobs": jobs})
