"""https:// storage against a real TLS server with its own authority, on an address that the test alone allows."""

import contextlib
import ipaddress
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

import pytest
import trustme

from deployments.storage.https.address_policy import AddressPolicy, IpAddress
from deployments.storage.https.connection import Resolver
from deployments.storage.https.storage import HttpsStorage
from deployments.storage.settings import StorageSettings
from models.errors import (
    AccessDenied,
    MalformedRequest,
    RayocrError,
    SourceNotFound,
    StorageUnavailable,
    TooLarge,
    UnsupportedType,
)
from tests.integration.storage.raw_server import never_answer, raw_server

HOST = "documents.test"
# Not 127.0.0.1, which stays refused: redirects to it must not get through.
SERVER_ADDRESS = ipaddress.ip_address("127.0.0.2")
POLICY = AddressPolicy([ipaddress.ip_network("127.0.0.2/32")])
CONTENT = bytes(range(256)) * 4096  # 1 MiB, several chunks


@dataclass
class Site:
    """A running server, and what it was asked."""

    port: int
    tls: ssl.SSLContext
    paths: list[str] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)
    sent_bytes: int = 0

    @property
    def url(self) -> str:
        return f"https://{HOST}:{self.port}"

    def settings(self, **changes: object) -> StorageSettings:
        values: dict[str, object] = {
            "https_enabled": True,
            "https_ports": (self.port,),
            "connect_timeout_s": 1.0,
            "read_timeout_s": 1.0,
            "total_timeout_s": 5.0,
            "max_attempts": 2,
        }
        return StorageSettings.model_validate(values | changes)

    def storage(self, resolver: Resolver | None = None, **changes: object) -> HttpsStorage:
        return HttpsStorage(
            self.settings(**changes), POLICY, resolver or (lambda host, port: [SERVER_ADDRESS]), self.tls
        )


class Server(ThreadingHTTPServer):
    daemon_threads = False

    def server_bind(self) -> None:
        socketserver.TCPServer.server_bind(self)  # HTTPServer's own asks a name server for the host's full name

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep the test's output clean: clients end the handshake where a test wants them to."""


def build_handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            """Keep the test's output clean."""

        def do_GET(self) -> None:
            site.paths.append(self.path)
            site.hosts.append(self.headers["Host"])
            self.close_connection = True
            with contextlib.suppress(OSError):  # the client hangs up, as several tests want it to
                self.answer(self.path.partition("?")[0])

        def answer(self, path: str) -> None:
            if path.startswith("/status/"):
                self.send(int(path.removeprefix("/status/")), b"")
            elif path == "/once-503" and site.paths.count(self.path) == 1:
                self.send(503, b"")
            elif path == "/gzip":
                self.send(200, b"packed", {"Content-Encoding": "gzip"})
            elif path == "/half":
                self.send(200, b"x" * 1000, {"Content-Length": "2000"})
            elif path == "/endless":
                self.send_response(200)
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                while True:
                    self.wfile.write(b"4000\r\n" + b"x" * 0x4000 + b"\r\n")
                    site.sent_bytes += 0x4000
            elif path == "/trickle":
                self.send_response(200)
                self.send_header("Content-Length", "1000")
                self.end_headers()
                for _ in range(1000):
                    self.wfile.write(b"x")
                    time.sleep(0.1)
            elif path == "/trickle-headers":
                for _ in range(1000):
                    self.wfile.write(b"H")
                    time.sleep(0.1)
            elif path == "/redirect":
                self.send(302, b"", {"Location": unquote(self.path.partition("?to=")[2])})
            elif path == "/redirect-to-itself":
                self.send(302, b"", {"Location": path})
            elif path == "/redirect-nowhere":
                self.send(302, b"")
            else:
                self.send(200, CONTENT)

        def send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(body))} | (headers or {})).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    return Handler


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def site(authority: trustme.CA) -> Iterator[Site]:
    server_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HOST).configure_cert(server_tls)
    client_tls = ssl.create_default_context()
    authority.configure_trust(client_tls)
    site = Site(0, client_tls)
    server = Server((str(SERVER_ADDRESS), 0), build_handler(site))
    server.socket = server_tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    site.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield site
    server.shutdown()
    server.server_close()
    thread.join()


def test_document_is_read_with_its_name(site: Site) -> None:
    document = site.storage().read(f"{site.url}/scans/page%201.png?signature=abc", len(CONTENT))

    assert document.data == CONTENT
    assert document.name == "page 1.png"
    assert site.paths == ["/scans/page%201.png?signature=abc"]
    assert site.hosts == [f"{HOST}:{site.port}"]


def test_letters_with_accents_are_escaped(site: Site) -> None:
    site.storage().read(f"{site.url}/Überweisung.png", len(CONTENT))

    assert site.paths == ["/%C3%9Cberweisung.png"]


def test_disabled_https_says_which_setting(site: Site) -> None:
    with pytest.raises(AccessDenied, match=r"storage\.https_enabled"):
        site.storage(https_enabled=False).read(f"{site.url}/a.png", 100)
    assert site.paths == []


def test_announced_size_over_limit_is_too_large(site: Site) -> None:
    with pytest.raises(TooLarge, match="has 1,048,576 bytes, over the limit of 1,048,575"):
        site.storage().read(f"{site.url}/a.png", len(CONTENT) - 1)


def test_endless_body_stops_at_the_limit(site: Site) -> None:
    with pytest.raises(TooLarge, match="more than 100,000 bytes"):
        site.storage().read(f"{site.url}/endless", 100_000)
    assert site.sent_bytes < 20_000_000  # the rest is what sockets buffer


def test_proxy_variables_are_not_read(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    assert site.storage().read(f"{site.url}/a.png", len(CONTENT)).data == CONTENT


def test_redirect_is_followed(site: Site) -> None:
    assert site.storage().read(f"{site.url}/redirect?to=/b.png", len(CONTENT)).data == CONTENT
    assert site.paths == ["/redirect?to=/b.png", "/b.png"]


@pytest.mark.parametrize(
    ("target", "error", "message"),
    [
        ("http://documents.test/a.png", AccessDenied, "http:// is not fetched"),
        ("file:///etc/passwd", AccessDenied, "file:// is not fetched"),
        ("https://127.0.0.1:{port}/a.png", AccessDenied, r"127\.0\.0\.1 has no public address \(loopback\)"),
        ("https://2130706433:{port}/a.png", AccessDenied, r"2130706433 has no public address \(loopback\)"),
        ("https://[::ffff:127.0.0.1]:{port}/", AccessDenied, r"no public address \(IPv4 in IPv6 \(mapped\)\)"),
        ("https://169.254.169.254:{port}/latest/", AccessDenied, "cloud metadata service"),
        ("https://documents.test/a.png", AccessDenied, "port 443 of documents.test is not among"),
        ("https://user:secret@documents.test:{port}/", MalformedRequest, "user name or a password"),
    ],
)
def test_redirect_is_checked_like_the_first_url(
    site: Site, target: str, error: type[RayocrError], message: str
) -> None:
    def resolve_numbers(host: str, port: int) -> list[IpAddress]:
        numbers = {"2130706433": "127.0.0.1", HOST: str(SERVER_ADDRESS)}  # as getaddrinfo does
        return [ipaddress.ip_address(numbers.get(host, host))]

    with pytest.raises(error, match=message):
        site.storage(resolve_numbers).read(f"{site.url}/redirect?to={target.format(port=site.port)}", 100)
    assert len(site.paths) == 1


def test_redirect_to_host_outside_the_list_is_refused(site: Site) -> None:
    storage = site.storage(https_allowed_hosts=(HOST,))
    with pytest.raises(AccessDenied, match=r"other\.test is not among storage\.https_allowed_hosts"):
        storage.read(f"{site.url}/redirect?to=https://other.test:{site.port}/", 100)


def test_endless_redirects_are_malformed(site: Site) -> None:
    with pytest.raises(MalformedRequest, match=r"redirects more than 3 times"):
        site.storage().read(f"{site.url}/redirect-to-itself", 100)
    assert len(site.paths) == 4


def test_redirect_without_target_is_malformed(site: Site) -> None:
    with pytest.raises(MalformedRequest, match="without saying where to"):
        site.storage().read(f"{site.url}/redirect-nowhere", 100)


def test_name_is_resolved_once_for_check_and_connection(site: Site) -> None:
    answers = [[SERVER_ADDRESS], [ipaddress.ip_address("127.0.0.1")]]

    storage = site.storage(lambda host, port: answers.pop(0))

    assert storage.read(f"{site.url}/a.png", len(CONTENT)).data == CONTENT
    assert len(answers) == 1


def test_only_allowed_addresses_of_a_name_are_connected_to(site: Site) -> None:
    storage = site.storage(lambda host, port: [ipaddress.ip_address("127.0.0.1"), SERVER_ADDRESS])
    assert storage.read(f"{site.url}/a.png", len(CONTENT)).data == CONTENT


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (204, MalformedRequest),
        (304, MalformedRequest),
        (400, MalformedRequest),
        (401, AccessDenied),
        (403, AccessDenied),
        (404, SourceNotFound),
        (410, SourceNotFound),
        (429, StorageUnavailable),
        (500, StorageUnavailable),
        (503, StorageUnavailable),
    ],
)
def test_status_is_translated(site: Site, status: int, error: type[RayocrError]) -> None:
    with pytest.raises(error, match=f"https://{HOST}:{site.port}/status/{status} answered {status}"):
        site.storage().read(f"{site.url}/status/{status}?signature=secret", 100)
    assert len(site.paths) == (2 if error.retryable else 1)


def test_query_stays_out_of_messages(site: Site) -> None:
    with pytest.raises(SourceNotFound) as caught:
        site.storage().read(f"{site.url}/status/404?signature=secret", 100)
    assert "secret" not in str(caught.value)


def test_passing_error_is_tried_again(site: Site) -> None:
    assert site.storage().read(f"{site.url}/once-503", len(CONTENT)).data == CONTENT


def test_packed_body_is_refused(site: Site) -> None:
    with pytest.raises(UnsupportedType, match="Content-Encoding: gzip"):
        site.storage().read(f"{site.url}/gzip", 100)


def test_half_a_body_is_tried_again_then_unavailable(site: Site) -> None:
    with pytest.raises(StorageUnavailable, match="closed the connection in mid-body"):
        site.storage().read(f"{site.url}/half", 10_000)
    assert site.paths == ["/half", "/half"]


@pytest.mark.parametrize("path", ["/trickle", "/trickle-headers"])
def test_slow_server_is_cut_off_by_the_total_timeout(site: Site, path: str) -> None:
    start = time.monotonic()
    with pytest.raises(StorageUnavailable, match=r"not read within 0\.5 s \(storage\.total_timeout_s\)"):
        site.storage(total_timeout_s=0.5).read(site.url + path, 10_000)
    assert time.monotonic() - start < 60  # the body alone would take far longer


def test_untrusted_authority_is_unavailable(site: Site) -> None:
    storage = HttpsStorage(site.settings(), POLICY, lambda host, port: [SERVER_ADDRESS], ssl.create_default_context())
    with pytest.raises(StorageUnavailable, match=f"{HOST} has no valid certificate"):
        storage.read(f"{site.url}/a.png", 100)
    assert site.paths == []


def test_certificate_of_another_name_is_unavailable(site: Site) -> None:
    with pytest.raises(StorageUnavailable, match=r"other\.test has no valid certificate: Hostname mismatch"):
        site.storage().read(f"https://other.test:{site.port}/a.png", 100)


def test_server_that_accepts_and_stays_silent_is_unavailable(site: Site) -> None:
    policy = AddressPolicy([ipaddress.ip_network("127.0.0.1/32")])
    with raw_server(never_answer) as server:
        settings = site.settings(https_ports=(server.port,), read_timeout_s=0.3)
        storage = HttpsStorage(settings, policy, lambda host, port: [ipaddress.ip_address("127.0.0.1")])
        start = time.monotonic()
        with pytest.raises(StorageUnavailable, match=r"silent for too long"):
            storage.read(f"https://{HOST}:{server.port}/", 100)
        assert 0.6 <= time.monotonic() - start < 60
        assert server.connections == settings.max_attempts


def test_unresolvable_name_is_unavailable(site: Site) -> None:
    # The system's own resolver: names below .invalid never exist (RFC 6761).
    storage = HttpsStorage(site.settings(max_attempts=1), POLICY)
    with pytest.raises(StorageUnavailable, match=r"nowhere\.invalid can't be resolved"):
        storage.read(f"https://nowhere.invalid:{site.port}/", 100)


def test_localhost_by_the_systems_resolver_is_refused(site: Site) -> None:
    storage = HttpsStorage(site.settings())
    with pytest.raises(AccessDenied, match=r"localhost has no public address \(loopback\)"):
        storage.read(f"https://localhost:{site.port}/", 100)


@pytest.mark.parametrize("host", ["127.1", "0x7f.1", "0177.0.0.1", "2130706433", "[::1]", "0"])
def test_every_notation_of_loopback_is_refused(site: Site, host: str) -> None:
    with pytest.raises(AccessDenied, match="no public address"):
        HttpsStorage(site.settings()).read(f"https://{host}:{site.port}/", 100)
