"""What may be posted to, judged on the text of an address alone.

No name is looked up here. What an address leads to is checked again by delivery at the moment it
connects, with the same :func:`is_public`.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote, urlsplit

import idna

from bot.errors import VigiliaError

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_PORTS = {"https": 443, "http": 80}
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
# Azure's platform service: a public number that only a machine inside Azure reaches.
_AZURE_PLATFORM = ipaddress.IPv4Address("168.63.129.16")
_PRIVATE_NAMES = ("localhost", "local", "internal", "home.arpa", "lan", "intranet", "corp")
_SHORTEST_PIECE = 12


class AddressError(VigiliaError):
    """An address that cannot be read. Its text holds no part of the address."""


@dataclass(frozen=True)
class WebhookUrl:
    """An address, taken apart. ``host`` is in ASCII and lower case, IPv6 without brackets."""

    scheme: str
    host: str
    port: int
    path: str
    query: str

    @property
    def origin(self) -> str:
        """``scheme://host``, with the port where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}"

    @property
    def base(self) -> str:
        """The origin and the path, without a slash at its end."""
        return f"{self.origin}{self.path.rstrip('/')}"

    @property
    def url(self) -> str:
        """The whole address, with the host in ASCII. A secret on most platforms."""
        return f"{self.origin}{self.path or '/'}" + (f"?{self.query}" if self.query else "")

    def is_trusted(self, trusted_hosts: Collection[str]) -> bool:
        """Return whether ``trusted_hosts`` names the host, alone (any port) or with this port."""
        if not trusted_hosts:
            return False
        host = f"[{self.host}]" if ":" in self.host else self.host
        names = {self.host, host, f"{host}:{self.port}"}
        return any(trusted.strip().lower() in names for trusted in trusted_hosts)


# An address is read when its channel is, and twice at each post; many addresses share a host.
@lru_cache(maxsize=16_384)
def read_address(url: str) -> WebhookUrl:
    """Takes ``url`` apart.

    Raises :class:`AddressError` for what is no plain web address: other schemes, spaces, user
    names, passwords, fragments, hosts that are no host.
    """
    if not url:
        raise AddressError("The address is empty.")
    if re.search(r"[\s\x00-\x1f\x7f\\]", url):
        raise AddressError(
            "The address holds a space, a line break or a backslash; copy it again in one piece."
        )
    try:
        parts = urlsplit(url)
        port = parts.port
        host = parts.hostname or ""
    except ValueError:
        raise AddressError("The address cannot be read; copy it again in one piece.") from None
    if parts.scheme not in _PORTS:
        raise AddressError("The address does not begin with https://.")
    if "@" in parts.netloc:
        raise AddressError(
            "The address holds a user name or password before its host; leave out what is before @."
        )
    if "#" in url:
        raise AddressError("The address holds a #; leave out the # and what follows it.")
    return WebhookUrl(
        scheme=parts.scheme,
        host=_ascii_host(host),
        port=_PORTS[parts.scheme] if port is None else port,
        path=parts.path,
        query=parts.query,
    )


@lru_cache(maxsize=256)
def _ascii_host(host: str) -> str:
    if not host:
        raise AddressError("The address has no host.")
    if ":" in host:
        try:
            if "%" not in host:
                return str(ipaddress.IPv6Address(host))
        except ValueError:
            pass
        raise AddressError("The address's host is no IPv6 address.")
    if re.fullmatch(r"[a-z0-9_.-]+", host):
        ascii_host = host
    else:
        try:
            ascii_host = idna.encode(host, uts46=True).decode("ascii")
        except idna.IDNAError:
            raise AddressError("The address's host is not a host name.") from None
    labels = ascii_host.split(".")
    if any(not label or len(label) > 63 for label in labels) or len(ascii_host) > 253:
        raise AddressError("The address's host is not a host name; look for a dot too many.")
    return ascii_host


def address_problem(
    url: str, trusted_hosts: Collection[str], *, hosts: Collection[str] | None = None
) -> str | None:
    """Return what is wrong with ``url`` as a sentence that holds no secret, or None.

    ``hosts`` are the only hosts that the platform has; None where it may be on any public host. A
    host in ``trusted_hosts`` may be private, plain http, and any platform's.
    """
    try:
        address = read_address(url)
    except AddressError as problem:
        return str(problem)
    if address.is_trusted(trusted_hosts):
        return None
    if address.scheme != "https":
        return (
            "The address begins with http://, so anyone on the way could read it; use https://, or "
            "add its host to trusted_hosts in config/vigilia.toml if it is your own."
        )
    private = _private_problem(address.host)
    if private is not None:
        return private
    if hosts is not None and address.host not in hosts:
        return (
            f"The address's host is not {_one_of(hosts)}; copy the address from the platform, or "
            "add its host to trusted_hosts in config/vigilia.toml if it is your own."
        )
    return None


@lru_cache(maxsize=256)
def _private_problem(host: str) -> str | None:
    trust = "add it to trusted_hosts in config/vigilia.toml if it is your own."
    last = host.rsplit(".", 1)[-1]
    if ":" in host or re.fullmatch(r"\d+\.\d+\.\d+\.\d+", host) or _is_number(last):
        try:
            number = ipaddress.ip_address(host)
        except ValueError:
            return (
                "The address's host is an IP address in an unusual form; write it as four numbers, "
                f"or {trust}"
            )
        if not is_public(number):
            return f"The address's host is private, of this machine or reserved; {trust}"
        return None
    if "." not in host or any(host == name or host.endswith(f".{name}") for name in _PRIVATE_NAMES):
        return f"The address's host is a name of this machine or of a private network; {trust}"
    return None


def _is_number(label: str) -> bool:
    """Return whether a host that ends so is read as an IPv4 number (https://url.spec.whatwg.org/,
    "ends in a number checker", read 2026-11-24): 127.1, 0x7f.1, 2130706433."""
    return re.fullmatch(r"\d+|0x[0-9a-f]*", label) is not None


def is_public(number: IPAddress) -> bool:
    """Return whether an IP address is one of the public internet.

    An IPv4 address carried inside an IPv6 one (mapped, NAT64, 6to4, Teredo) is judged itself.
    """
    if isinstance(number, ipaddress.IPv6Address):
        carried = number.ipv4_mapped or number.sixtofour
        if carried is None and number in _NAT64:
            carried = ipaddress.IPv4Address(int(number) & 0xFFFFFFFF)
        if carried is not None:
            return is_public(carried)
        return number in _GLOBAL_UNICAST and number.is_global and number.teredo is None
    return number.is_global and not number.is_multicast and number != _AZURE_PLATFORM


_LOCAL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}")


def mail_address(text: str) -> str:
    """Return a bare e-mail address, its domain in ASCII. Raises ValueError, without it."""
    local, at, domain = text.strip().rpartition("@")
    try:
        ascii_domain = idna.encode(domain, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        ascii_domain = ""
    if not at or not _LOCAL.fullmatch(local) or not ascii_domain:
        raise ValueError(
            "an e-mail address is written name@example.org, before the @ without accents"
        )
    return f"{local}@{ascii_domain}"


def mail_sender(text: str) -> str:
    """Return ``name@example.org`` or ``Our group <name@example.org>``. Raises ValueError."""
    name, bracket, rest = text.partition("<")
    if not bracket:
        return mail_address(text)
    if not rest.endswith(">") or re.search(r"[\x00-\x1f\x7f]", name):
        raise ValueError("a sender is written Our group <name@example.org>")
    return f"{name.strip()} <{mail_address(rest[:-1])}>"


def unsubscribe_address(text: str) -> str:
    """Return where a reader leaves a list. Raises ValueError for what no mail program opens."""
    if not re.fullmatch(r"(mailto:[^\s<>,]+@[^\s<>,]+|https://[^\s<>,]+)", text, re.ASCII):
        raise ValueError("it is a mailto: or an https: address")
    return text


def _one_of(words: Collection[str]) -> str:
    ordered = list(words)
    if len(ordered) == 1:
        return ordered[0]
    return f"{', '.join(ordered[:-1])} or {ordered[-1]}"


def digest(*pieces: str) -> str:
    """Return 16 hexadecimal digits, the same for the same pieces, that do not give them away."""
    return hashlib.sha256("\0".join(pieces).encode()).hexdigest()[:16]


def secrets_of(url: str) -> tuple[str, ...]:
    """Return the strings of an address that nobody may see: what follows its host, and long pieces.

    Shorter pieces are words of the path rather than secrets, and would be masked wherever a message
    has the word.
    """
    address = read_address(url)
    target = address.path + (f"?{address.query}" if address.query else "")
    whole = target if len(target) <= _SHORTEST_PIECE else target[1:]
    pieces = [piece for piece in re.split(r"[/?&=]", target) if len(piece) >= _SHORTEST_PIECE]
    secrets = [piece for piece in (whole, *pieces) if piece not in ("", "/")]
    return tuple(dict.fromkeys([*secrets, *map(unquote, secrets)]))
