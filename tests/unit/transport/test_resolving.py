"""Names → addresses that may be posted to."""

from __future__ import annotations

import ipaddress
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.transport.resolving import (
    DecidedError,
    TrustedHosts,
    checked_addresses,
    lookup,
    refused_kind,
    refused_name,
    system_addresses,
)

v4 = st.ip_addresses(v=4)
v6 = st.ip_addresses(v=6)


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("10.1.2.3", "private"),
        ("172.31.255.255", "private"),
        ("192.168.0.1", "private"),
        ("127.0.0.1", "loopback"),
        ("127.255.255.254", "loopback"),
        ("0.0.0.0", "unspecified"),
        ("100.64.0.1", "shared"),
        ("100.127.255.255", "shared"),
        ("100.100.100.200", "cloud metadata"),
        ("168.63.129.16", "cloud metadata"),
        ("169.254.169.254", "cloud metadata"),
        ("169.254.170.2", "cloud metadata"),
        ("192.0.0.192", "cloud metadata"),
        ("169.254.1.1", "link-local"),
        ("224.0.0.1", "multicast"),
        ("240.0.0.1", "reserved"),
        ("255.255.255.255", "reserved"),
        ("192.0.2.1", "reserved"),
        ("198.18.0.1", "reserved"),
        ("203.0.113.9", "reserved"),
        ("::", "unspecified"),
        ("::1", "loopback"),
        ("::7f00:1", "reserved"),
        ("fc00::1", "private"),
        ("fd00:ec2::254", "cloud metadata"),
        ("fe80::1", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("fec0::1", "private"),
        ("ff02::1", "multicast"),
        ("2001:db8::1", "reserved"),
        ("2001::1", "reserved"),
        ("4000::1", "reserved"),
        ("::ffff:10.0.0.1", "private"),
        ("::ffff:169.254.169.254", "cloud metadata"),
        ("64:ff9b::127.0.0.1", "loopback"),
        ("64:ff9b:1::808:808", "private"),
        ("2002:7f00:1::", "loopback"),
        ("2002:c0a8:1::1", "private"),
    ],
)
def test_an_address_that_is_not_public_is_refused_by_its_kind(address: str, kind: str) -> None:
    assert refused_kind(ipaddress.ip_address(address)) == kind


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "100.63.255.255",
        "100.128.0.1",
        "172.32.0.1",
        "2606:4700::1111",
        "2001:4860:4860::8888",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
        "2002:808:808::1",
    ],
)
def test_a_public_address_is_posted_to(address: str) -> None:
    assert refused_kind(ipaddress.ip_address(address)) is None


@given(v4)
def test_an_ipv4_address_is_judged_the_same_in_every_ipv6_dress(
    address: ipaddress.IPv4Address,
) -> None:
    kind = refused_kind(address)
    number = int(address)
    mapped = ipaddress.IPv6Address(0xFFFF << 32 | number)
    nat64 = ipaddress.IPv6Address(0x64FF9B << 96 | number)
    six_to_four = ipaddress.IPv6Address(0x2002 << 112 | number << 80 | 1)
    assert [refused_kind(dressed) for dressed in (mapped, nat64, six_to_four)] == [kind] * 3


@given(v4)
def test_an_ipv4_address_that_python_holds_not_to_be_global_is_refused(
    address: ipaddress.IPv4Address,
) -> None:
    if not address.is_global or address.is_multicast or address.is_reserved:
        assert refused_kind(address) is not None


@given(v6)
def test_only_global_unicast_and_wrapped_ipv4_is_posted_to_in_ipv6(
    address: ipaddress.IPv6Address,
) -> None:
    if refused_kind(address) is None:
        wrapped = ("::ffff:0:0/96", "64:ff9b::/96")
        assert any(address in ipaddress.IPv6Network(network) for network in ("2000::/3", *wrapped))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("localhost", "loopback"),
        ("LOCALHOST.", "loopback"),
        ("x.localhost", "loopback"),
        ("127.1", "loopback"),
        ("0x7f.1", "loopback"),
        ("2130706433", "loopback"),
        ("017700000001", "loopback"),
        ("::1", "loopback"),
        ("10.0.0.1", "private"),
        ("metadata.google.internal", "private"),
        ("printer.local", "private"),
        ("nas.home.arpa", "private"),
        ("intranet", "private"),
    ],
)
def test_a_name_whose_letters_say_that_it_is_not_public_is_refused(name: str, kind: str) -> None:
    assert refused_name(name) == kind


@pytest.mark.parametrize("name", ["hooks.slack.com", "8.8.8.8", "localhost.example.org", "é.org"])
def test_a_name_that_may_be_public_passes(name: str) -> None:
    assert refused_name(name) is None


def test_a_trusted_host_is_trusted_on_every_port_and_host_and_port_on_that_port_only() -> None:
    trusted = TrustedHosts(["Matrix.Example.org", "chat.example.org:8443", "::1", "[fd00::1]:80"])
    assert trusted.covers("matrix.example.ORG", 1)
    assert trusted.covers("chat.example.org", 8443)
    assert not trusted.covers("chat.example.org", 443)
    assert not trusted.covers("example.org", 443)
    assert not trusted.covers("sub.matrix.example.org", 443)
    assert trusted.covers("::1", 443)
    assert trusted.covers("fd00::1", 80)
    assert not trusted.covers("fd00::1", 81)


def test_only_the_public_ones_of_a_names_addresses_are_used_in_their_order() -> None:
    found = ["10.0.0.1", "2606:4700::1111", "127.0.0.1", "8.8.8.8"]
    assert checked_addresses(found, "x.example.org", 443) == ("2606:4700::1111", "8.8.8.8")


def test_a_name_with_no_public_address_is_refused_with_what_to_write_where() -> None:
    with pytest.raises(DecidedError) as refused:
        checked_addresses(["127.0.0.1", "::1"], "x.example.org", 8443)
    assert str(refused.value) == (
        "x.example.org leads to a loopback address, and is not posted to. If it is meant, put "
        '"x.example.org:8443" into trusted_hosts of [network] in config/vigilia.toml.'
    )
    with pytest.raises(DecidedError, match=r'put "\[::1\]:443" into'):
        checked_addresses(["::1"], "::1", 443)


def test_what_a_refusal_says_to_write_makes_the_host_trusted() -> None:
    for host in ("x.example.org", "127.0.0.1", "::1"):
        with pytest.raises(DecidedError) as refused:
            checked_addresses(["127.0.0.1"], host, 8443)
        entry = str(refused.value).split('"')[1]
        assert TrustedHosts([entry]).covers(host, 8443)


def test_the_machines_resolver_gives_literal_addresses() -> None:
    assert system_addresses("127.0.0.1", 80) == ["127.0.0.1"]
    assert lookup(system_addresses, "127.0.0.1", 80, 5.0) == ("127.0.0.1",)


def test_a_name_that_is_not_found_is_said_to_be_so() -> None:
    def nowhere(host: str, port: int) -> list[str]:
        raise OSError(-2, "Name or service not known")

    with pytest.raises(DecidedError, match=r"No address was found for x\.example\.org"):
        lookup(nowhere, "x.example.org", 443, 5.0)
    with pytest.raises(DecidedError, match="No address"):
        lookup(lambda host, port: [], "x.example.org", 443, 5.0)
    with pytest.raises(DecidedError, match="No address"):
        lookup(system_addresses, "a" * 64 + ".org", 443, 5.0)


def test_a_look_up_that_hangs_is_left_behind() -> None:
    ended = threading.Event()

    def hanging(host: str, port: int) -> list[str]:
        ended.wait()
        return ["8.8.8.8"]

    try:
        with pytest.raises(DecidedError, match="took too long"):
            lookup(hanging, "x.example.org", 443, 0.02)
    finally:
        ended.set()


def test_no_more_than_a_bounded_number_of_look_ups_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.transport.resolving._LOOKUPS", threading.BoundedSemaphore(1))
    ended = threading.Event()

    def hanging(host: str, port: int) -> list[str]:
        ended.wait()
        return ["8.8.8.8"]

    with pytest.raises(DecidedError, match="took too long"):
        lookup(hanging, "x.example.org", 443, 0.02)
    with pytest.raises(DecidedError, match="Too many host names"):
        lookup(hanging, "y.example.org", 443, 0.02)
    ended.set()
    assert lookup(hanging, "y.example.org", 443, 5.0) == ("8.8.8.8",)
