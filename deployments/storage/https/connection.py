"""Makes a TLS connection to a checked address of a name, under one time limit."""

import io
import socket
import ssl
from collections.abc import Callable, Iterable
from http.client import HTTPSConnection
from ipaddress import ip_address
from typing import TYPE_CHECKING

from deployments.storage.https.address_policy import AddressPolicy, IpAddress
from deployments.storage.https.url import HttpsUrl
from deployments.storage.retry import Deadline
from deployments.storage.settings import StorageSettings
from models.errors import AccessDenied, StorageUnavailable

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = ["CheckedConnection", "Resolver", "resolve"]

Resolver = Callable[[str, int], Iterable[IpAddress]]

# A name may have dozens of addresses, and each one that does not answer costs a connect_timeout_s.
_MOST_ADDRESSES = 4


def resolve(host: str, port: int) -> list[IpAddress]:
    """Ask the system's resolver for a name's addresses. The system sets how long it waits for name servers.

    Args:
        host: A name, or an address in any notation that the system knows. "127.1" is 127.0.0.1 to the system, and so
            to the policy.
        port: The port to connect to.

    Returns:
        The addresses, the preferred one first.

    Raises:
        OSError: The name has no address, or no name server answers (`socket.gaierror`).
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ip_address(address[0]) for *_, address in found))


class CheckedConnection(HTTPSConnection):
    """Connects to an address that the policy has passed, and to no other.

    The name is resolved once, and the connection goes to the very address that was checked. So a name that resolves
    differently the next time (DNS rebinding) gains nothing. TLS and the Host header use the name. `http.client` reads
    no proxy variables and follows no redirects.

    Args:
        url: The URL to connect to.
        settings: Time-outs.
        deadline: Ends handshake, headers and body alike, however slowly the server sends.
        policy: Decides which addresses are allowed.
        resolver: Finds the addresses of a name.
        tls: Trusted authorities.
    """

    def __init__(
        self,
        url: HttpsUrl,
        settings: StorageSettings,
        deadline: Deadline,
        policy: AddressPolicy,
        resolver: Resolver,
        tls: ssl.SSLContext,
    ) -> None:
        super().__init__(url.host, url.port, timeout=settings.connect_timeout_s, context=tls)
        self._url = url
        self._settings = settings
        self._deadline = deadline
        self._policy = policy
        self._resolver = resolver
        self._tls = tls

    def connect(self) -> None:
        """Resolve, check, connect and shake hands.

        Raises:
            AccessDenied: Every address of the name is refused by the policy.
            StorageUnavailable: The name has no address, or the time is over.
            OSError: No address could be connected to, or TLS failed (`ssl.SSLError`).
        """
        plain = self._connect_plain(self._allowed_addresses())
        try:
            plain.settimeout(self._timeout_s(self._settings.read_timeout_s))
            encrypted = self._tls.wrap_socket(plain, server_hostname=self._url.host)
        except BaseException:
            plain.close()
            raise
        self.sock = _DeadlineSocket(encrypted, lambda: self._timeout_s(self._settings.read_timeout_s))

    def _allowed_addresses(self) -> list[IpAddress]:
        try:
            addresses = list(self._resolver(self._url.host, self._url.port))
        except socket.gaierror as error:
            raise StorageUnavailable(f"{self._url.host} can't be resolved: {error.strerror}") from error
        reasons = {address: self._policy.reason_to_refuse(address) for address in addresses}
        allowed = [address for address, reason in reasons.items() if reason is None]
        if not allowed:
            # The message does not name the address, which would reveal the inner network to anyone who asks.
            found = ", ".join(sorted({reason for reason in reasons.values() if reason})) or "none at all"
            raise AccessDenied(f"{self._url.host} has no public address ({found}); only public ones are fetched from")
        return allowed[:_MOST_ADDRESSES]

    def _connect_plain(self, addresses: list[IpAddress]) -> socket.socket:
        failures: list[OSError] = []
        for address in addresses:
            timeout_s = self._timeout_s(self._settings.connect_timeout_s)
            try:
                # The address is numeric, so nothing is resolved here again.
                return socket.create_connection((str(address), self._url.port), timeout_s)
            except OSError as error:
                failures.append(error)
        raise failures[-1]

    def _timeout_s(self, longest_s: float) -> float:
        self._deadline.check(self._url.shown)
        return min(longest_s, self._deadline.remaining_s())


class _DeadlineSocket:
    """A socket, as far as `http.client` uses one, with a time limit that shrinks from call to call.

    A plain socket's time-out begins anew with each byte, so a server that sends one a second would hold a worker for
    ever.
    """

    def __init__(self, inner: ssl.SSLSocket, timeout_s: Callable[[], float]) -> None:
        self._inner = inner
        self._timeout_s = timeout_s

    def sendall(self, data: bytes) -> None:
        self._inner.settimeout(self._timeout_s())
        self._inner.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_DeadlineReader(self._inner, self._timeout_s))

    def close(self) -> None:
        self._inner.close()


class _DeadlineReader(io.RawIOBase):
    def __init__(self, inner: ssl.SSLSocket, timeout_s: Callable[[], float]) -> None:
        self._inner = inner
        self._timeout_s = timeout_s

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        self._inner.settimeout(self._timeout_s())
        return self._inner.recv_into(buffer)
