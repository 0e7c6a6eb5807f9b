"""Refuses a webhook that could never be called when its job is submitted."""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor

from deployments.storage.https.address_policy import AddressPolicy
from deployments.storage.https.connection import Resolver, resolve
from deployments.storage.https.url import url_from_location
from deployments.storage.settings import StorageSettings
from models.errors import AccessDenied, MalformedRequest

__all__ = ["LONGEST_WEBHOOK", "check_webhook"]

LONGEST_WEBHOOK = 2048
"""The most characters of a webhook's URL."""
# A slow name server is not a reason to refuse: the delivery resolves and checks the name again.
_LOOK_UP_S = 3.0
# A look-up can't be interrupted, and some take a minute. So they have threads of their own.
_names = ThreadPoolExecutor(4, "webhook-names")


async def check_webhook(url: str, settings: StorageSettings, resolver: Resolver = resolve) -> None:
    """Check a URL as the delivery will, and refuse one that is certain to fail.

    Args:
        url: The URL as the client gave it.
        settings: The hosts, ports and networks that are allowed, which are those of https:// sources.
        resolver: Finds the addresses of a name.

    Raises:
        MalformedRequest: The URL is not a valid https:// URL.
        AccessDenied: The URL's host, its port or all of its addresses are not allowed.
    """
    if url[:8].lower() != "https://" or len(url) > LONGEST_WEBHOOK:
        raise MalformedRequest(f"webhook: an https:// URL of at most {LONGEST_WEBHOOK:,} characters is needed")
    try:
        target = url_from_location(url, settings)
    except (AccessDenied, MalformedRequest) as error:
        raise type(error)(f"webhook: {error}") from error
    policy = AddressPolicy(settings.https_allowed_networks)
    try:
        found = asyncio.wrap_future(_names.submit(resolver, target.host, target.port))
        addresses = list(await asyncio.wait_for(found, _LOOK_UP_S))
    except (TimeoutError, socket.gaierror):
        return
    reasons = {policy.reason_to_refuse(address) for address in addresses}
    if addresses and None not in reasons:
        why = ", ".join(sorted(reason for reason in reasons if reason))
        # The message does not name the address, which would reveal the inner network to anyone who asks.
        raise AccessDenied(f"webhook: {target.host} has no public address ({why})")
