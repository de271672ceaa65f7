"""Which addresses may be dialled on a stranger's behalf, with the RFC behind each rule.

An address is public when no rule below covers it and no rule covers any IPv4 address that is wrapped inside it.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

# IANA IPv4 Special-Purpose Address Registry (RFC 6890) without the globally reachable entries.
_CLOSED_IPV4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # RFC 1122 3.2.1.3: this host on this network
        "10.0.0.0/8",  # RFC 1918: private
        "100.64.0.0/10",  # RFC 6598: carrier-grade NAT
        "127.0.0.0/8",  # RFC 1122 3.2.1.3: loopback
        "168.63.129.16/32",  # not an RFC: the platform service of one large cloud, seen from inside only
        "169.254.0.0/16",  # RFC 3927: link-local, with the metadata services of the clouds
        "172.16.0.0/12",  # RFC 1918: private
        "192.0.0.0/24",  # RFC 6890 2.1: protocol assignments
        "192.0.2.0/24",  # RFC 5737: documentation
        "192.88.99.0/24",  # RFC 7526: former 6to4 relay anycast
        "192.168.0.0/16",  # RFC 1918: private
        "198.18.0.0/15",  # RFC 2544: benchmarking
        "198.51.100.0/24",  # RFC 5737: documentation
        "203.0.113.0/24",  # RFC 5737: documentation
        "224.0.0.0/4",  # RFC 5771: multicast
        "240.0.0.0/4",  # RFC 1112 4: reserved; RFC 919: limited broadcast
    )
)

_GLOBAL_UNICAST = IPv6Network("2000::/3")  # RFC 4291 2.4 and the IANA IPv6 registry: all that is assigned
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: well-known prefix; as public as the IPv4 address inside
_MAPPED = IPv6Network("::ffff:0:0/96")  # RFC 4291 2.5.5.2: another spelling of the IPv4 address inside
_CLOSED_IPV6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # RFC 2928: protocol assignments; with Teredo (RFC 4380), ORCHID (RFC 4843, 7343), RFC 5180
        "2001:db8::/32",  # RFC 3849: documentation
        "3fff::/20",  # RFC 9637: documentation
    )
)
_SIX_TO_FOUR = IPv6Network("2002::/16")  # RFC 3056
_TEREDO = IPv6Network("2001::/32")  # RFC 4380
_ISATAP_MARKS = (0x00005EFE, 0x02005EFE)  # RFC 5214 6.1: upper half of the interface identifier


def embedded_ipv4(address: IPv6Address) -> list[IPv4Address]:
    """Returns the IPv4 addresses that a tunnel or translator would take out of an IPv6 address."""
    value = int(address)
    low = value & 0xFFFFFFFF
    found = []
    if address in _MAPPED or address in _NAT64:
        found.append(low)
    if address in _SIX_TO_FOUR:
        found.append(value >> 80 & 0xFFFFFFFF)
    if address in _TEREDO:
        found += [value >> 64 & 0xFFFFFFFF, low ^ 0xFFFFFFFF]
    if value >> 32 & 0xFFFFFFFF in _ISATAP_MARKS:
        found.append(low)
    return [IPv4Address(item) for item in found]


def is_public(text: str) -> bool:
    """Says whether a numeric address may be dialled; anything that is not one may not."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _CLOSED_IPV4)
    if address.scope_id is not None:
        return False
    if not all(is_public(str(inner)) for inner in embedded_ipv4(address)):
        return False
    if address in _MAPPED or address in _NAT64:
        return True
    return address in _GLOBAL_UNICAST and not any(address in network for network in _CLOSED_IPV6)
