"""A receiver of webhooks: a real TLS server, with an authority of its own, on an address that the test alone allows."""

import ipaddress
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import trustme

from deployments.storage.https.address_policy import AddressPolicy, IpAddress
from deployments.storage.settings import StorageSettings
from serve.jobs.webhooks.sending import WebhookSender

__all__ = ["SECRET", "Receiver", "running_receiver"]

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwIjZ3cJ1d8f4="
HOST = "receiver.test"
# Not 127.0.0.1, which stays refused: a redirect to it must not get through.
_ADDRESS = ipaddress.ip_address("127.0.0.2")
_POLICY = AddressPolicy([ipaddress.ip_network("127.0.0.2/32")])


@dataclass
class Receiver:
    """A running receiver, and what it was sent.

    Args:
        port: Where it listens.
        tls: With its authority, for senders.
        statuses: What it answers, one after the other; 200 when they are used up. 0 is no answer.
        received: Headers and body of each message.
    """

    port: int
    tls: ssl.SSLContext
    statuses: list[int] = field(default_factory=list)
    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"https://{HOST}:{self.port}/rayocr?tenant=7"

    @property
    def settings(self) -> StorageSettings:
        return StorageSettings.model_validate({"https_ports": (self.port,)})

    def sender(self, timeout_s: float = 5.0, address: IpAddress = _ADDRESS) -> WebhookSender:
        return WebhookSender(timeout_s, self.settings, _POLICY, lambda host, port: [address], self.tls)


class _Server(ThreadingHTTPServer):
    def server_bind(self) -> None:
        socketserver.TCPServer.server_bind(self)  # HTTPServer's own asks a name server for the host's full name

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep the test's output clean: senders hang up where a test wants them to."""


@contextmanager
def running_receiver() -> Iterator[Receiver]:
    """Start a receiver, and stop it at the end."""
    authority = trustme.CA()
    server_tls, client_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert(HOST).configure_cert(server_tls)
    authority.configure_trust(client_tls)
    receiver = Receiver(0, client_tls)
    ended = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            """Keep the test's output clean."""

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.received.append((dict(self.headers.items()), body))
            status = receiver.statuses.pop(0) if receiver.statuses else 200
            if status == 0:
                ended.wait()
                return
            self.send_response(status)
            if status // 100 == 3:
                self.send_header("Location", "https://127.0.0.1/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

    server: Any = _Server((str(_ADDRESS), 0), Handler)
    server.socket = server_tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        ended.set()
        server.shutdown()
        server.server_close()
        thread.join()
