"""Percentiles, CPU flags, orders of sending, names of failures, addresses."""

import itertools

import pytest

from loadtest.cli import with_default_command
from loadtest.errors import LoadtestError
from loadtest.measuring.client import LoadPlan, failure_code, picture_order
from loadtest.measuring.latency import Latency, percentile
from loadtest.measuring.machine import Machine, machine_from_cpuinfo
from loadtest.measuring.processes import is_loopback, port_of
from loadtest.measuring.service import checked_url

CPUINFO = """processor\t: 0
model name\t: Test CPU 9000
flags\t\t: fpu avx2 avx512f avx512_vnni avx512vl

processor\t: 1
model name\t: Another
flags\t\t: fpu
"""


@pytest.mark.parametrize(
    ("count", "percent", "expected"),
    [(1, 50, 1), (2, 50, 1), (3, 50, 2), (100, 95, 95), (100, 99, 99), (10, 99, 10), (10, 100, 10)],
)
def test_percentile_is_a_value_that_occurred(count: int, percent: float, expected: float) -> None:
    assert percentile([float(value) for value in range(1, count + 1)], percent) == expected


@pytest.mark.parametrize(("values", "percent"), [([], 50.0), ([1.0], 0.0), ([1.0], 101.0)])
def test_percentile_out_of_range_is_refused(values: list[float], percent: float) -> None:
    with pytest.raises(ValueError, match="needs"):
        percentile(values, percent)


def test_latency_sorts_first() -> None:
    assert Latency.of([3.0, 1.0, 2.0]) == Latency(p50=2.0, p95=3.0, p99=3.0, max=3.0)


def test_latency_without_answers_is_none() -> None:
    assert Latency.of([]) is None


def test_machine_names_the_flags_that_matter() -> None:
    machine = machine_from_cpuinfo(CPUINFO, cores=2)
    assert machine == Machine("Test CPU 9000", 2, ("avx2", "avx512f", "avx512_vnni"))
    assert str(machine) == "Test CPU 9000, 2 cores, avx2 avx512f avx512_vnni (AVX-512 host)"


@pytest.mark.parametrize(
    ("flags", "host"),
    [
        (("avx2",), "AVX2 host"),
        ((), "host without AVX2"),
        (("avx2", "avx512f"), "AVX-512 host"),
    ],
)
def test_host_is_named_by_its_widest_vectors(flags: tuple[str, ...], host: str) -> None:
    assert Machine("Test CPU", 2, flags).host == host


def test_pictures_are_sent_as_often_as_asked() -> None:
    assert list(picture_order(3, LoadPlan("", repeat=2))) == [0, 1, 2, 0, 1, 2]


def test_duration_sends_round_and_round() -> None:
    order = picture_order(2, LoadPlan("", repeat=1, duration_s=5))
    assert list(itertools.islice(order, 5)) == [0, 1, 0, 1, 0]


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (415, b'{"code": "unsupported_type", "title": "x"}', "unsupported_type"),
        (500, b'{"title": "no code"}', "http_500"),
        (500, b'{"code": 7}', "http_500"),
        (502, b"<html>", "http_502"),
        (504, b"", "http_504"),
        (500, b"[]", "http_500"),
        (500, b"\xff\xfe", "http_500"),
    ],
)
def test_failure_is_named_by_code_or_status(status: int, body: bytes, expected: str) -> None:
    assert failure_code(status, body) == expected


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000", "http://localhost", "http://[::1]:80/", "http://127.9.9.9", "http://localhost/ocr"]
)
def test_loopback_is_allowed(url: str) -> None:
    assert checked_url(url, allow_remote=False) == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    ["http://example.org", "http://10.0.0.1", "https://localhost", "http://127.0.0.1.example.org", "http://[::2]"],
)
def test_remote_needs_to_be_allowed(url: str) -> None:
    with pytest.raises(LoadtestError, match="needs --allow-remote"):
        checked_url(url, allow_remote=False)
    assert checked_url(url, allow_remote=True) == url


@pytest.mark.parametrize(
    "url", ["127.0.0.1:8000", "ftp://localhost", "http://", "file:///etc", "http://localhost/?a=b"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(LoadtestError):
        checked_url(url, allow_remote=True)


def test_host_with_user_is_judged_by_its_host() -> None:
    assert not is_loopback("http://127.0.0.1@example.org/")


@pytest.mark.parametrize(("url", "port"), [("http://a:81", 81), ("http://a", 80), ("https://a", 443)])
def test_port_of_url(url: str, port: int) -> None:
    assert port_of(url) == port


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--url", "http://127.0.0.1:8000"], ["run", "--url", "http://127.0.0.1:8000"]),
        (["run", "--json"], ["run", "--json"]),
        (["peer"], ["peer"]),
        (["bench", "--data", "x"], ["bench", "--data", "x"]),
        (["soak"], ["soak"]),
        (["plot", "figures.json"], ["plot", "figures.json"]),
        (["--help"], ["--help"]),
        ([], []),
    ],
)
def test_run_is_the_default_command(arguments: list[str], expected: list[str]) -> None:
    assert with_default_command(arguments) == expected
