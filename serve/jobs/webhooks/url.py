"""Refusing a webhook that could never be called, when its job is handed in."""

import asyncio
import socket

from deployments.storage.address_policy import AddressPolicy
from deployments.storage.https_connection import Resolver, resolve
from deployments.storage.https_url import url_from_location
from deployments.storage.settings import StorageSettings
from models.errors import AccessDenied, MalformedRequest

__all__ = ["check_webhook"]

_LONGEST_URL = 2048
# A name server that is slow is no reason to refuse: the delivery looks the name up again, and checks it again.
_LOOK_UP_S = 3.0


async def check_webhook(url: str, settings: StorageSettings, resolver: Resolver = resolve) -> None:
    """Check a URL as the delivery will: what is certain to fail is refused now.

    Args:
        url: As the client gave it.
        settings: Which hosts, ports and networks are allowed; those of https:// sources.
        resolver: Finds the addresses of a name.

    Raises:
        MalformedRequest: No valid https:// URL.
        AccessDenied: Its host, its port or all of its addresses are not allowed.
    """
    if url[:8].lower() != "https://" or len(url) > _LONGEST_URL:
        raise MalformedRequest(f"webhook: an https:// URL of at most {_LONGEST_URL:,} characters is needed")
    try:
        target = url_from_location(url, settings)
    except (AccessDenied, MalformedRequest) as error:
        raise type(error)(f"webhook: {error}") from error
    policy = AddressPolicy(settings.https_allowed_networks)
    try:
        addresses = list(await asyncio.wait_for(asyncio.to_thread(resolver, target.host, target.port), _LOOK_UP_S))
    except (TimeoutError, socket.gaierror):
        return
    reasons = {policy.reason_to_refuse(address) for address in addresses}
    if addresses and None not in reasons:
        found = ", ".join(sorted(reason for reason in reasons if reason))
        # The address itself stays unsaid: it would map the inner network for whoever asks.
        raise AccessDenied(f"webhook: {target.host} has no public address ({found})")
