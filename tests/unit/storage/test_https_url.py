import pytest

from deployments.storage.https.url import HttpsUrl, url_from_location
from deployments.storage.settings import StorageSettings
from models.errors import AccessDenied, MalformedRequest

SETTINGS = StorageSettings(https_enabled=True)


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("https://Example.COM/a.png", HttpsUrl("example.com", 443, "/a.png")),
        ("HTTPS://example.com", HttpsUrl("example.com", 443, "/")),
        ("https://example.com.:443/a?b=c%2F#part", HttpsUrl("example.com", 443, "/a?b=c%2F")),
        ("https://bücher.example/ä", HttpsUrl("xn--bcher-kva.example", 443, "/%C3%A4")),
        ("https://[2606:4700:0::1111]/", HttpsUrl("2606:4700::1111", 443, "/")),
        ("https://example.com?q=1", HttpsUrl("example.com", 443, "/?q=1")),
    ],
)
def test_url_is_taken_apart(location: str, expected: HttpsUrl) -> None:
    assert url_from_location(location, SETTINGS) == expected


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("https://user@example.com/", "user name"),
        ("https://user:secret@example.com/", "user name"),
        ("https://example.com\\@127.0.0.1/", "backslashes"),
        ("https://example.com/a b", "spaces"),
        ("https://example.com/a\r\nHost: b", "control characters"),
        ("https://exam\tple.com/", "control characters"),
        ("https:///path", "names no host"),
        ("https://", "names no host"),
        ("https://example.com:99999/", "not a valid URL"),
        ("https://example.com:x/", "not a valid URL"),
        ("https://[::1/", "not a valid URL"),
        ("https://[example]/", "not a valid URL"),
        ("https://a..b/", "not a valid URL"),
        (f"https://{'a' * 64}.example/", "not a valid URL"),
    ],
)
def test_invalid_url_is_malformed(location: str, message: str) -> None:
    with pytest.raises(MalformedRequest, match=message):
        url_from_location(location, SETTINGS)


def test_other_scheme_is_denied() -> None:
    with pytest.raises(AccessDenied, match="http:// is not fetched, only https://"):
        url_from_location("http://example.com/", SETTINGS)


@pytest.mark.parametrize("port", [22, 8443, 0])
def test_port_outside_the_list_is_denied(port: int) -> None:
    with pytest.raises(AccessDenied, match=rf"port {port} of example\.com is not among storage\.https_ports"):
        url_from_location(f"https://example.com:{port}/", SETTINGS)


@pytest.mark.parametrize("host", ["example.com", "a.b.intranet", "EXAMPLE.com"])
def test_listed_host_is_allowed(host: str) -> None:
    settings = StorageSettings(https_allowed_hosts=("Example.com", ".intranet"))
    assert url_from_location(f"https://{host}/", settings).host == host.lower()


@pytest.mark.parametrize(
    "host", ["notexample.com", "example.com.evil.org", "a.example.com", "evilintranet", "intranet"]
)
def test_host_outside_the_list_is_denied(host: str) -> None:
    settings = StorageSettings(https_allowed_hosts=("example.com", ".intranet"))
    with pytest.raises(AccessDenied, match=r"not among storage\.https_allowed_hosts"):
        url_from_location(f"https://{host}/", settings)


def test_shown_url_has_no_query() -> None:
    assert url_from_location("https://example.com/a?X-Amz-Signature=1", SETTINGS).shown == "https://example.com/a"
