from ipaddress import ip_address, ip_network

import pytest

from deployments.storage.https.address_policy import AddressPolicy

REFUSED = [
    ("0.0.0.0", "unspecified (this host)"),
    ("0.1.2.3", "unspecified (this host)"),
    ("10.0.0.1", "private"),
    ("100.64.0.1", "shared by a carrier's customers (CGNAT)"),
    ("100.127.255.255", "shared by a carrier's customers (CGNAT)"),
    ("100.100.100.200", "cloud metadata service (Alibaba)"),
    ("127.0.0.1", "loopback"),
    ("127.255.255.254", "loopback"),
    ("168.63.129.16", "cloud platform service (Azure)"),
    ("169.254.169.254", "cloud metadata service"),
    ("169.254.170.2", "container credentials service (ECS)"),
    ("169.254.170.23", "container credentials service (EKS)"),
    ("169.254.1.1", "link-local"),
    ("172.16.0.1", "private"),
    ("172.31.255.255", "private"),
    ("192.0.0.1", "reserved (protocol assignments)"),
    ("192.0.0.192", "cloud metadata service (Oracle)"),
    ("192.0.2.1", "reserved (documentation)"),
    ("192.88.99.1", "reserved (6to4 relay)"),
    ("192.168.1.1", "private"),
    ("198.19.255.255", "reserved (benchmarks)"),
    ("198.51.100.1", "reserved (documentation)"),
    ("203.0.113.1", "reserved (documentation)"),
    ("224.0.0.1", "multicast"),
    ("240.0.0.1", "reserved"),
    ("255.255.255.255", "broadcast"),
    ("::", "unspecified (this host)"),
    ("::1", "loopback"),
    ("::ffff:8.8.8.8", "IPv4 in IPv6 (mapped)"),
    ("::ffff:169.254.169.254", "IPv4 in IPv6 (mapped)"),
    ("::127.0.0.1", "IPv4 in IPv6 (compatible)"),
    ("64:ff9b::a00:1", "IPv4 in IPv6 (NAT64)"),
    ("64:ff9b:1::a00:1", "IPv4 in IPv6 (NAT64, local use)"),
    ("2002:7f00:1::", "IPv4 in IPv6 (6to4)"),
    ("2001:0:53aa:64c::1", "reserved (Teredo and other protocol assignments)"),
    ("2001:db8::1", "reserved (documentation)"),
    ("3fff::1", "reserved (documentation)"),
    ("fd00:ec2::254", "cloud metadata service (AWS)"),
    ("fd20:ce::254", "cloud metadata service (Google)"),
    ("fd12:3456::1", "private (unique local)"),
    ("fe80::1%eth0", "link-local"),
    ("fec0::1", "private (site-local)"),
    ("ff02::1", "multicast"),
    ("100::1", "reserved"),  # discard-only
    ("4000::1", "reserved"),  # given out to nobody yet
]

PUBLIC = [
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.167.255.255",
    "223.255.255.255",
    "2606:4700::1111",
    "2001:4860:4860::8888",
]


@pytest.mark.parametrize(("address", "reason"), REFUSED)
def test_address_that_is_not_public_is_refused(address: str, reason: str) -> None:
    assert AddressPolicy().reason_to_refuse(ip_address(address)) == reason


@pytest.mark.parametrize("address", PUBLIC)
def test_public_address_is_allowed(address: str) -> None:
    assert AddressPolicy().reason_to_refuse(ip_address(address)) is None


def test_allowed_network_opens_its_addresses_only() -> None:
    policy = AddressPolicy([ip_network("10.20.0.0/16")])
    assert policy.reason_to_refuse(ip_address("10.20.1.1")) is None
    assert policy.reason_to_refuse(ip_address("10.21.1.1")) == "private"


@pytest.mark.parametrize(("network", "address"), [("0.0.0.0/0", "169.254.169.254"), ("::/0", "fd00:ec2::254")])
def test_metadata_stays_refused_in_an_allowed_network(network: str, address: str) -> None:
    policy = AddressPolicy([ip_network(network)])
    assert policy.reason_to_refuse(ip_address(address)) in ("cloud metadata service", "cloud metadata service (AWS)")
