import base64

import pytest

from deployments.storage.data_url import DataUrlStorage
from models.errors import MalformedRequest, TooLarge

STORAGE = DataUrlStorage()


@pytest.mark.parametrize(
    ("url", "content"),
    [
        ("data:image/png;base64,iVBORw==", b"\x89PNG"),
        ("data:image/png;base64,iVBORw", b"\x89PNG"),  # without padding
        ("DATA:;BASE64,iVBORw==", b"\x89PNG"),
        ("data:image/png;name=a;base64,iVBO\r\n Rw==", b"\x89PNG"),
        ("data:;base64,%2B%2F8%3D", b"\xfb\xff"),  # escaped base64
        ("data:;base64,+/8=", b"\xfb\xff"),
        ("data:;base64,", b""),
        ("data:,a%20b,c", b"a b,c"),
        ("data:text/plain;charset=utf-8,ä", "ä".encode()),
    ],
)
def test_data_url_is_decoded(url: str, content: bytes) -> None:
    document = STORAGE.read(url, 100)
    assert document.data == content
    assert document.name is None


@pytest.mark.parametrize("size", [999, 1000, 1001, 1002, 1003])
@pytest.mark.parametrize("prefix", ["data:image/png;base64,", "data:,"])
def test_limit_is_exact(size: int, prefix: str) -> None:
    payload = base64.b64encode(b"x" * size).decode() if "base64" in prefix else "%78" * size
    if size > 1001:
        with pytest.raises(TooLarge, match=f"has {size:,} bytes, over the limit of 1,001"):
            STORAGE.read(prefix + payload, 1001)
    else:
        assert STORAGE.read(prefix + payload, 1001).data == b"x" * size


def test_limit_is_checked_before_decoding() -> None:
    with pytest.raises(TooLarge):
        STORAGE.read("data:;base64," + "!" * 2000, 1000)  # not base64 either


@pytest.mark.parametrize("payload", ["iVB!Rw==", "iVBOR", "iV=BORw=", "iVBÖRw=="])
def test_invalid_base64_is_malformed(payload: str) -> None:
    with pytest.raises(MalformedRequest, match="not valid base64"):
        STORAGE.read(f"data:image/png;base64,{payload}", 1000)


def test_missing_comma_is_malformed() -> None:
    with pytest.raises(MalformedRequest, match="no comma"):
        STORAGE.read("data:image/png;base64", 1000)


def test_listing_is_refused() -> None:
    with pytest.raises(MalformedRequest, match="can't be listed"):
        STORAGE.list("data:,a")
