"""The guard on addresses, just inside and just outside of each rule."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelshift.net.address import embedded_ipv4, is_public

CLOSED_IPV4 = [
    ("0.0.0.0", "0.255.255.255"),
    ("10.0.0.0", "10.255.255.255"),
    ("100.64.0.0", "100.127.255.255"),
    ("127.0.0.0", "127.255.255.255"),
    ("168.63.129.16", "168.63.129.16"),
    ("169.254.0.0", "169.254.255.255"),
    ("172.16.0.0", "172.31.255.255"),
    ("192.0.0.0", "192.0.0.255"),
    ("192.0.2.0", "192.0.2.255"),
    ("192.88.99.0", "192.88.99.255"),
    ("192.168.0.0", "192.168.255.255"),
    ("198.18.0.0", "198.19.255.255"),
    ("198.51.100.0", "198.51.100.255"),
    ("203.0.113.0", "203.0.113.255"),
    ("224.0.0.0", "255.255.255.255"),
]


@pytest.mark.parametrize(("first", "last"), CLOSED_IPV4)
def test_each_ipv4_range_is_closed_to_its_edges_and_no_further(first: str, last: str) -> None:
    low, high = int(ipaddress.IPv4Address(first)), int(ipaddress.IPv4Address(last))
    assert not is_public(first)
    assert not is_public(last)
    for outside in (low - 1, high + 1):
        if 0x01000000 <= outside < 0xE0000000:
            assert is_public(str(ipaddress.IPv4Address(outside)))


@pytest.mark.parametrize(
    "text",
    [
        "::",
        "::1",
        "::7f00:1",  # IPv4-compatible
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:0:127.0.0.1",  # translated, RFC 2765
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::8.8.8.8",  # local NAT64
        "100::1",
        "1fff:ffff::1",
        "2001::1",
        "2001:0:0808:0808::f7f7:f7f7",  # Teredo, public on both sides
        "2001:1ff:ffff::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "2002:a9fe:a9fe::1",
        "2a00::5efe:10.0.0.1",
        "2a00::200:5efe:192.168.1.1",
        "3fff::1",
        "4000::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "2a00::1%eth0",
        "fec0::1",
        "ff02::1",
        "",
        "localhost",
        "127.1",
        "0x7f000001",
        "2130706433",
        "017700000001",
        "8.8.8.8 ",
    ],
)
def test_what_is_not_plainly_public_is_closed(text: str) -> None:
    assert not is_public(text)


@pytest.mark.parametrize(
    "text",
    [
        "1.1.1.1",
        "8.8.8.8",
        "223.255.255.255",
        "2001:200::1",
        "2606:4700::1111",
        "2a00:1450::1",
        "3ffe::1",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
        "2002:808:808::1",
        "2a00::5efe:8.8.8.8",
    ],
)
def test_public_addresses_are_open(text: str) -> None:
    assert is_public(text)


@given(st.integers(0, 2**32 - 1))
def test_a_wrapped_ipv4_address_is_never_more_public_than_itself(number: int) -> None:
    inner = ipaddress.IPv4Address(number)
    wrapped = [
        f"::ffff:{inner}",
        f"64:ff9b::{inner}",
        str(ipaddress.IPv6Address((0x2002 << 112) | number << 80 | 1)),
        str(ipaddress.IPv6Address((0x20010000 << 96) | number << 64)),
        str(ipaddress.IPv6Address((0x20010000 << 96) | (0x08080808 << 64) | (number ^ 0xFFFFFFFF))),
        f"2a00::5efe:{inner}",
    ]
    for text in wrapped:
        assert inner in embedded_ipv4(ipaddress.IPv6Address(text))
        assert not is_public(text) or is_public(str(inner))


@given(st.ip_addresses())
def test_nothing_that_the_standard_library_calls_local_is_open(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    local = address.is_private or address.is_loopback or address.is_link_local or address.is_multicast
    if local and not embedded(address):
        assert not is_public(str(address))


def embedded(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return address.version == 6 and bool(embedded_ipv4(address))
