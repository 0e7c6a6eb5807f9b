"""Makes one attempt to deliver a signed webhook, through the same guard as https:// sources.

The signature is that of Standard Webhooks (https://www.standardwebhooks.com): HMAC-SHA256 over id, time and body.
"""

import base64
import hashlib
import hmac
import http.client
import ssl
import time

from deployments.storage.https.address_policy import AddressPolicy
from deployments.storage.https.connection import CheckedConnection, Resolver, resolve
from deployments.storage.https.url import url_from_location
from deployments.storage.retry import Deadline
from deployments.storage.settings import StorageSettings
from models.errors import StorageUnavailable

__all__ = ["WebhookSender", "signature"]

_SECRET_PREFIX = "whsec_"


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """Make the header `webhook-signature`.

    Args:
        secret: `whsec_` and a key as base64.
        message_id: The header `webhook-id`.
        timestamp: The header `webhook-timestamp`, in seconds since the epoch.
        body: The body as it is sent.
    """
    key = base64.b64decode(secret.removeprefix(_SECRET_PREFIX))
    signed = hmac.digest(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256)
    return f"v1,{base64.b64encode(signed).decode()}"


class WebhookSender:
    """Posts messages. It blocks, and may be used by several threads at once.

    Args:
        timeout_s: Seconds for the name, the connection, the message and the answer together.
        settings: The hosts, ports and networks that are allowed, which are those of https:// sources.
        policy: Decides which addresses are allowed; by default public ones and `settings.https_allowed_networks`.
        resolver: Finds the addresses of a name; by default the system's resolver.
        tls: Trusted authorities; by default the system's (or those of `SSL_CERT_FILE`).
    """

    def __init__(
        self,
        timeout_s: float,
        settings: StorageSettings,
        policy: AddressPolicy | None = None,
        resolver: Resolver = resolve,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._timeout_s = timeout_s
        self._settings = settings.model_copy(update={"read_timeout_s": timeout_s})
        self._policy = policy or AddressPolicy(settings.https_allowed_networks)
        self._resolver = resolver
        self._tls = tls or ssl.create_default_context()

    def send(self, url: str, message_id: str, body: bytes, secret: str) -> int:
        """Make one attempt. Redirects are not followed: only the named receiver gets the message.

        Args:
            url: The receiver's https:// URL.
            message_id: Id of the message, the same at each attempt.
            body: The message as JSON.
            secret: The key that signs it.

        Returns:
            The status of the receiver's answer.

        Raises:
            RayocrError: No answer came, or the address is not allowed.
        """
        target = url_from_location(url, self._settings)
        timestamp = int(time.time())
        headers = {
            "Content-Type": "application/json",
            "Connection": "close",
            "User-Agent": "rayocr",
            "webhook-id": message_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(secret, message_id, timestamp, body),
        }
        deadline = Deadline(self._timeout_s)
        connection = CheckedConnection(target, self._settings, deadline, self._policy, self._resolver, self._tls)
        try:
            connection.request("POST", target.target, body, headers)
            with connection.getresponse() as response:
                return response.status
        except ssl.SSLCertVerificationError as error:
            raise StorageUnavailable(f"{target.host} has no valid certificate: {error.verify_message}") from error
        except (OSError, http.client.HTTPException, StorageUnavailable) as error:
            if deadline.remaining_s() <= 0:
                raise StorageUnavailable(f"{target.host} did not answer within {self._timeout_s:g} s") from error
            if isinstance(error, StorageUnavailable):
                raise
            raise StorageUnavailable(f"{target.host} did not answer properly: {_shown(error)}") from error
        finally:
            connection.close()


def _shown(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
