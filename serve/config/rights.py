"""Decides what single clients may do, and by which names they may ask, if the settings leave it open."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from deployments.storage.https.hosts import host_of, is_allowed_host
from deployments.storage.rights import EVERYTHING, ReadRights
from models.errors import AccessDenied, Overloaded, Unauthorized
from serve.config.access import NO_ACCESS, AccessFile, ClientAccess, Entrance, access_file
from serve.config.settings import Settings

__all__ = ["LOOPBACK", "ClientRights", "with_default_rights", "with_loopback_defaults"]

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


class ClientRights:
    """What each client may do: the settings, and the access file before them. It is read again while the service runs.

    Args:
        settings: The whole tree. If it leaves `storage.allowed` open, every client may read everything.
        now: The present time.

    Raises:
        ConfigurationError: The access file can't be used.
    """

    def __init__(self, settings: Settings, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._settings = settings
        self._file: AccessFile | None = access_file(settings.http)
        self._now = now
        allowed, uploads = settings.storage.allowed, settings.jobs.uploads_location
        rights = ReadRights(
            allowed=(EVERYTHING,) if allowed is None else allowed,
            # Uploads are of the service: no client reads those of another by their location.
            hidden=(uploads,) if uploads.startswith(EVERYTHING) else (),
        )
        if self._file is not None:
            rights = replace(
                rights, own=lambda client: self.of(client).read, hosts=lambda client: self.of(client).https
            )
        #: The locations that clients may read.
        self.reading = rights

    def of(self, client: str) -> ClientAccess:
        """Find what the access file gives to a client.

        Args:
            client: The client's name; '' if no keys are asked for.
        """
        return NO_ACCESS if self._file is None else self._file.of(client)

    def check_entrance(self, client: str, entrance: Entrance | None) -> None:
        """Refuse a request whose client has no right to be here.

        Args:
            client: The client's name.
            entrance: The way in that the request takes; None for one that is open to all clients.

        Raises:
            Unauthorized: The client's key has expired.
            AccessDenied: The client may not use this way in.
        """
        access = self.of(client)
        if access.expires is not None and self._now() >= access.expires:
            raise Unauthorized(
                f"the API key of {client} expired at {access.expires.isoformat()} "
                f"(keys.{client}.expires in http.access_file)"
            )
        if entrance is not None and access.doors is not None and entrance not in access.doors:
            raise AccessDenied(
                f"the client {client} may not use {entrance} here, only {_listed(access.doors)} "
                f"(keys.{client}.doors in http.access_file)"
            )

    def check_model(self, client: str, model: str) -> None:
        """Refuse a bundle that may not read for a client.

        Args:
            client: The client's name.
            model: Name of the bundle.

        Raises:
            AccessDenied: It may not.
        """
        models = self.of(client).models
        if models is not None and model not in models:
            raise AccessDenied(
                f"the client {client} may not use the model {model} here, only {_listed(models)}: name one of them "
                f"(keys.{client}.models in http.access_file)"
            )

    def check_counted(self, client: str, *, is_counted: bool) -> None:
        """Refuse a client whose pages are limited where nothing counts them.

        Args:
            client: The client's name.
            is_counted: Whether there is a store that counts pages.

        Raises:
            Overloaded: It can't be told how much it has used.
        """
        access = self.of(client)
        if not is_counted and (access.pages_per_minute or access.pages_per_month):
            raise Overloaded(
                f"the pages of the client {client} are limited, and nothing counts them here: the operator has to set "
                "jobs.store, or take the limit out of http.access_file",
                self._settings.http.retry_after_s,
            )

    def check_webhook(self, client: str, url: str) -> None:
        """Refuse a webhook to a host that a client may not name.

        Args:
            client: The client's name.
            url: URL of the webhook.

        Raises:
            AccessDenied: The host is not among the client's own.
        """
        hosts = self.of(client).webhooks
        if hosts is not None and not is_allowed_host(host := host_of(url), hosts):
            raise AccessDenied(
                f"webhook: {host[:100]} is not a host to which the client {client} may have webhooks sent "
                f"(keys.{client}.webhooks in http.access_file)"
            )

    def max_pages(self, client: str) -> tuple[int, str]:
        """Find the most pages of a document that a client may ask for.

        Args:
            client: The client's name.

        Returns:
            The number, and the name of what sets it, for messages.
        """
        usual, own = self._settings.http.max_pages, self.of(client).max_pages
        if own is None or own >= usual:
            return usual, "http.max_pages"
        return own, f"keys.{client}.max_pages in http.access_file"

    def max_requests(self, client: str) -> int:
        """Find the most requests of a client that a replica of the ingress has in work.

        Args:
            client: The client's name.
        """
        return self.of(client).max_requests or self._settings.http.client_share

    def weight(self, owner: str) -> float:
        """Find a client's share when several clients have pages waiting.

        Args:
            owner: The client's name.
        """
        return self.of(owner).weight or self._settings.jobs.weights.get(owner, 1.0)


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names) or "none"


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
