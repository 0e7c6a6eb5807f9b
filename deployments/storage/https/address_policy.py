"""Decides which addresses a fetch on behalf of a client may connect to: public ones, and no others.

This guards against server-side request forgery: a client that names a URL borrows this machine's place in the network.
The tables follow IANA's registries of special-purpose addresses (RFC 6890, RFC 8190), plus the addresses from which
clouds hand out credentials.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

__all__ = ["AddressPolicy", "IpAddress", "IpNetwork"]

IpAddress = IPv4Address | IPv6Address
IpNetwork = IPv4Network | IPv6Network


def _table(rows: dict[str, str]) -> tuple[tuple[IpNetwork, str], ...]:
    return tuple((ip_network(network), reason) for network, reason in rows.items())


# No setting allows these: nobody stores documents there, and one of them is a public address.
_METADATA = _table(
    {
        "169.254.169.254/32": "cloud metadata service",
        "169.254.170.2/32": "container credentials service (ECS)",
        "169.254.170.23/32": "container credentials service (EKS)",
        "fd00:ec2::254/128": "cloud metadata service (AWS)",
        "fd00:ec2::23/128": "container credentials service (EKS)",
        "fd20:ce::254/128": "cloud metadata service (Google)",
        "fd00:42::42/128": "cloud metadata service (Scaleway)",
        "100.100.100.200/32": "cloud metadata service (Alibaba)",
        "192.0.0.192/32": "cloud metadata service (Oracle)",
        "168.63.129.16/32": "cloud platform service (Azure)",
    }
)

_NOT_PUBLIC = _table(
    {
        "0.0.0.0/8": "unspecified (this host)",
        "10.0.0.0/8": "private",
        "100.64.0.0/10": "shared by a carrier's customers (CGNAT)",
        "127.0.0.0/8": "loopback",
        "169.254.0.0/16": "link-local",
        "172.16.0.0/12": "private",
        "192.0.0.0/24": "reserved (protocol assignments)",
        "192.0.2.0/24": "reserved (documentation)",
        "192.88.99.0/24": "reserved (6to4 relay)",
        "192.168.0.0/16": "private",
        "198.18.0.0/15": "reserved (benchmarks)",
        "198.51.100.0/24": "reserved (documentation)",
        "203.0.113.0/24": "reserved (documentation)",
        "224.0.0.0/4": "multicast",
        "255.255.255.255/32": "broadcast",
        "240.0.0.0/4": "reserved",
        "::/128": "unspecified (this host)",
        "::1/128": "loopback",
        # The next five carry an IPv4 address, and a gateway on the way may turn them into a private one.
        "::ffff:0:0/96": "IPv4 in IPv6 (mapped)",
        "::/96": "IPv4 in IPv6 (compatible)",
        "64:ff9b::/96": "IPv4 in IPv6 (NAT64)",
        "64:ff9b:1::/48": "IPv4 in IPv6 (NAT64, local use)",
        "2002::/16": "IPv4 in IPv6 (6to4)",
        "2001::/23": "reserved (Teredo and other protocol assignments)",
        "2001:db8::/32": "reserved (documentation)",
        "3fff::/20": "reserved (documentation)",
        "fc00::/7": "private (unique local)",
        "fe80::/10": "link-local",
        "fec0::/10": "private (site-local)",
        "ff00::/8": "multicast",
    }
)

# IANA has given out no other IPv6 block for global unicast.
_GLOBAL_UNICAST_IPV6 = IPv6Network("2000::/3")


class AddressPolicy:
    """Tells public addresses from all others.

    Args:
        allowed_networks: Networks that are allowed although they are not public. Addresses that hand out credentials
            stay refused.
    """

    def __init__(self, allowed_networks: Iterable[IpNetwork] = ()) -> None:
        self._allowed_networks = tuple(allowed_networks)

    def reason_to_refuse(self, address: IpAddress) -> str | None:
        """Judge one address.

        Args:
            address: The address of a connection. An IPv6 zone (`%eth0`) does not matter.

        Returns:
            Why the address is refused, in a few words; None if it is allowed.
        """
        if isinstance(address, IPv6Address):
            address = IPv6Address(int(address))  # without the zone, which would make equal addresses differ
        if reason := _reason(address, _METADATA):
            return reason
        if any(address in network for network in self._allowed_networks):
            return None
        if reason := _reason(address, _NOT_PUBLIC):
            return reason
        if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST_IPV6:
            return "reserved"
        return None


def _reason(address: IpAddress, table: tuple[tuple[IpNetwork, str], ...]) -> str | None:
    return next((reason for network, reason in table if address in network), None)
