"""Which addresses may be posted to, judged on their text alone."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.addresses import (
    AddressError,
    address_problem,
    digest,
    is_public,
    read_address,
    secrets_of,
)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.100.100.200",
        "168.63.129.16",
        "0.0.0.0",
        "255.255.255.255",
        "224.0.0.1",
        "240.0.0.1",
        "192.0.2.1",
        "[::1]",
        "[::]",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "[fec0::1]",
        "[ff02::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b:1::1]",
        "[2002:7f00:1::]",
        "[2001:0:53aa:64c:0:5efe:7f00:1]",
        "[2001:db8::1]",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "127.0.0.0x1",
        "１２７.0.0.1",
        "127。0。0。1",
        "8.8.8.010",
        "1.2.3.4.5",
        "999.1.1.1",
        "localhost",
        "a.localhost",
        "printer.local",
        "metadata.google.internal",
        "LOCALHOST",
        "intranet",
        "router.home.arpa",
    ],
)
def test_a_private_host_is_refused_in_every_form_unless_trusted(host: str) -> None:
    problem = address_problem(f"https://{host}/secret-path", ())
    assert problem is not None
    assert "trusted_hosts" in problem
    assert "secret" not in problem
    name = read_address(f"https://{host}/").host
    assert address_problem(f"http://{host}:8080/x", (name,)) is None


@pytest.mark.parametrize(
    "host",
    [
        "example.org",
        "8.8.8.8",
        "[2606:4700::1111]",
        "[::ffff:8.8.8.8]",
        "[64:ff9b::808:808]",
        "münchen.example",
        "a_b.example",
        "xn--mnchen-3ya.example",
    ],
)
def test_a_public_host_is_taken_over_https_only(host: str) -> None:
    assert address_problem(f"https://{host}/x", ()) is None
    problem = address_problem(f"http://{host}/x", ())
    assert problem is not None
    assert "https://" in problem


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", "empty"),
        ("xoxb-secret", "https://"),
        ("ftp://secret.example/", "https://"),
        ("file:///secret", "https://"),
        ("//secret.example/", "https://"),
        ("https:///secret", "no host"),
        ("https://user:secret@a.example/", "before @"),
        ("https://secret@a.example/", "before @"),
        ("https://a.example/secret#", "#"),
        ("https://a.example/secret#part", "#"),
        ("https://a.example/sec ret", "one piece"),
        ("https://a.example/secret\n", "one piece"),
        ("https://a.example\\@secret.example/", "one piece"),
        ("https://a.example:secret/", "cannot be read"),
        ("https://a.example:70000/secret", "cannot be read"),
        ("https://[::1/secret", "cannot be read"),
        ("https://[2001:db8::1%25secret]/", "IPv6"),
        ("https://[12345::]/secret", "address"),
        ("https://[v1.a:b]/secret", "IPv6"),
        ("https://a..example/secret", "dot"),
        ("https://a.example./secret", "dot"),
        ("https://" + "secret" * 11 + ".example/", "dot"),
        ("https://a%2eexample/secret", "not a host name"),
        ("https://\u2603\u200d.example/secret", "not a host name"),
    ],
)
def test_what_is_no_plain_web_address_is_refused_with_a_sentence_without_it(
    url: str, sentence: str
) -> None:
    for trusted in ((), ("a.example", "secret.example")):
        problem = address_problem(url, trusted)
        assert problem is not None
        assert sentence in problem
        assert "secret" not in problem


def test_a_host_of_another_platform_is_refused_unless_trusted() -> None:
    hosts = ("a.example", "b.example", "c.example")
    problem = address_problem("https://d.example/x", (), hosts=hosts)
    assert problem is not None
    assert "a.example, b.example or c.example" in problem
    assert address_problem("https://b.example/x", (), hosts=hosts) is None
    assert address_problem("https://d.example/x", ("d.example",), hosts=hosts) is None
    assert "not a.example;" in str(address_problem("https://d.example/", (), hosts=("a.example",)))


def test_a_trusted_host_is_exact_and_with_a_port_only_that_port() -> None:
    def trusted(url: str, *names: str) -> bool:
        return read_address(url).is_trusted(names)

    assert trusted("http://127.0.0.1:8080/", "127.0.0.1:8080")
    assert trusted("http://127.0.0.1:8080/", "127.0.0.1")
    assert not trusted("http://127.0.0.1:8081/", "127.0.0.1:8080")
    assert trusted("https://A.example/", " a.EXAMPLE:443 ")
    assert not trusted("https://b.a.example/", "a.example")
    assert not trusted("https://a.example.evil.example/", "a.example")
    assert trusted("http://[::1]:99/", "::1")
    assert trusted("http://[::1]:99/", "[::1]:99")
    assert not trusted("http://[::1]:99/", "[::1]:98")


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_within_an_ipv6_one_is_judged_itself(number: ipaddress.IPv4Address) -> None:
    assert is_public(ipaddress.IPv6Address(f"::ffff:{number}")) is is_public(number)
    assert is_public(ipaddress.IPv6Address(f"64:ff9b::{number}")) is is_public(number)


@given(st.text(max_size=30), st.lists(st.text(max_size=10), max_size=3))
def test_no_text_makes_the_check_fail(text: str, trusted: list[str]) -> None:
    for url in (text, f"https://{text}", f"https://a.example/{text}"):
        address_problem(url, trusted)
        try:
            address = read_address(url)
        except AddressError:
            continue
        assert read_address(address.url) == read_address(address.url)
        address.url.encode()


def test_an_address_is_put_together_with_its_host_in_ascii() -> None:
    assert read_address("https://MÜNCHEN.example:443/a?b=%2F").url == (
        "https://xn--mnchen-3ya.example/a?b=%2F"
    )
    assert read_address("http://[::1]:8080").url == "http://[::1]:8080/"


def test_what_nobody_may_see_is_all_that_follows_the_host() -> None:
    url = "https://a.example/hooks/abc%2Ddef-0123456?key=0123456789abcdef&v=1"
    text = f"{url} and 0123456789abcdef and /hooks/abc%2Ddef-0123456 and abc-def-0123456"
    for secret in sorted(secrets_of(url), key=len, reverse=True):
        text = text.replace(secret, "***")
    assert text == "https://a.example/*** and *** and /hooks/*** and ***"
    assert secrets_of("https://a.example/hook") == ("/hook",)
    assert secrets_of("https://a.example/") == ()


def test_a_digest_tells_pieces_apart() -> None:
    assert digest("a", "bc") != digest("ab", "c")
    assert digest("a") == digest("a")
    assert len(digest("a")) == 16
