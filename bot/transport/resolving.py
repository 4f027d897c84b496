"""Hosts that may be posted to, and the addresses of their names.

A channel's address is written by people who may not own the machine, and a name can lead anywhere:
so every address that a name gives is checked, and the connection goes to the address that was
checked, not to the name again.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from bot.channels.outcome import Outcome, Reason, Rejected, Retry
from bot.errors import VigiliaError

Resolver = Callable[[str, int], Sequence[str]]
"""Returns a host's literal addresses in the order in which to try them; raises OSError."""

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

# IANA IPv4 and IPv6 Special-Purpose Address Registries (read 2026-01-12), written out because what
# ipaddress.is_global says differs between patch versions of Python.
# https://www.iana.org/assignments/iana-ipv4-special-registry
# https://www.iana.org/assignments/iana-ipv6-special-registry
_REFUSED = tuple(
    (ipaddress.ip_network(network), kind)
    for network, kind in (
        ("0.0.0.0/8", "unspecified"),
        ("10.0.0.0/8", "private"),
        ("100.100.100.200/32", "cloud metadata"),  # Alibaba Cloud
        ("100.64.0.0/10", "shared"),
        ("127.0.0.0/8", "loopback"),
        ("168.63.129.16/32", "cloud metadata"),  # Azure
        ("169.254.169.254/32", "cloud metadata"),
        ("169.254.170.2/32", "cloud metadata"),  # Amazon ECS
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.192/32", "cloud metadata"),  # Oracle Cloud
        ("192.0.0.0/24", "reserved"),
        ("192.0.2.0/24", "reserved"),
        ("192.88.99.0/24", "reserved"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "reserved"),
        ("198.51.100.0/24", "reserved"),
        ("203.0.113.0/24", "reserved"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        ("64:ff9b:1::/48", "private"),
        ("2001::/23", "reserved"),
        ("2001:db8::/32", "reserved"),
        ("3fff::/20", "reserved"),
        ("fd00:ec2::254/128", "cloud metadata"),  # Amazon EC2
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "private"),
        ("ff00::/8", "multicast"),
    )
)
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_6TO4 = ipaddress.IPv6Network("2002::/16")

_LOCAL_NAMES = ("local", "internal", "intranet", "lan", "home.arpa")

# A look-up that hangs cannot be stopped, only left behind; this many may be.
_LOOKUPS = threading.BoundedSemaphore(256)


class DecidedError(VigiliaError):
    """What a request comes to was decided on its way. Never leaves this room."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.detail)
        self.outcome = outcome


def refused_kind(address: IPAddress) -> str | None:
    """Return what makes ``address`` one that is not posted to ("private", "loopback"), or None."""
    if isinstance(address, ipaddress.IPv6Address):
        # The IPv4 address inside decides; 6to4 keeps it behind its first 16 bits, the others last.
        if address in _MAPPED or address in _NAT64:
            return refused_kind(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if address in _6TO4:
            return refused_kind(ipaddress.IPv4Address(int(address) >> 80 & 0xFFFFFFFF))
    for network, kind in _REFUSED:
        if address.version == network.version and address in network:
            return kind
    if isinstance(address, ipaddress.IPv6Address) and address not in _GLOBAL_UNICAST:
        return "reserved"
    return None


def refused_name(host: str) -> str | None:
    """Return what makes a host name one that is not posted to, as far as its letters tell, or None.

    For requests through a proxy, which looks the name up itself.
    """
    name = host.lower().rstrip(".")
    address = _literal(name)
    if address is not None:
        return refused_kind(address)
    if name == "localhost" or name.endswith(".localhost"):
        return "loopback"
    if "." not in name or any(name.endswith(f".{ending}") for ending in _LOCAL_NAMES):
        return "private"
    return None


def _literal(name: str) -> IPAddress | None:
    """Return the address that ``name`` writes, also in the old forms (``127.1``, ``0x7f.1``)."""
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(name))
    except (OSError, ValueError):
        return None


class TrustedHosts:
    """The hosts of ``[network] trusted_hosts``: ``host`` or ``host:port``, exact but for case."""

    def __init__(self, entries: Collection[str]) -> None:
        self._entries = frozenset(entry.strip().lower() for entry in entries)

    def covers(self, host: str, port: int) -> bool:
        """Return whether ``host`` or this port of it is trusted. IPv6 with or without brackets."""
        name = host.lower()
        bare = f"[{name}]" if ":" in name else name
        return not self._entries.isdisjoint({name, bare, f"{bare}:{port}"})


def system_addresses(host: str, port: int) -> list[str]:
    """Return what the machine's resolver answers. Raises OSError; ValueError for an impossible
    name."""
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in answers))


@dataclass(frozen=True)
class Route:
    """Which hosts may be posted to, and how their names become addresses."""

    trusted: TrustedHosts
    rehearsal: bool
    resolver: Resolver

    def refused(self, host: str, port: int, *, secure: bool) -> Rejected | None:
        """Return why ``host`` is not posted to, as far as that is known without its address."""
        if self.trusted.covers(host, port):
            return None
        if self.rehearsal:
            detail = refusal(host, port, "is not a trusted host, as a rehearsal needs")
            return Rejected(Reason.NOT_IN_REHEARSAL, detail)
        if not secure:
            detail = refusal(host, port, "would be reached without encryption")
            return Rejected(Reason.ADDRESS_REFUSED, detail)
        return None

    def addresses(
        self, host: str, port: int, timeout_s: float, *, checked: bool = True
    ) -> tuple[str, ...]:
        """Return the addresses of ``host`` that may be posted to. Raises :class:`DecidedError`."""
        addresses = lookup(self.resolver, host, port, timeout_s)
        if not checked or self.trusted.covers(host, port):
            return addresses
        return checked_addresses(addresses, host, port)


def lookup(resolver: Resolver, host: str, port: int, timeout_s: float) -> tuple[str, ...]:
    """Return the addresses of ``host``, waiting at most ``timeout_s``.

    Raises :class:`DecidedError`. The look-up runs in a thread of its own, since nothing can stop
    one that hangs; the thread dies with the process.
    """
    addresses: list[str] = []
    ended = threading.Event()
    lookups = _LOOKUPS

    def look() -> None:
        try:
            addresses.extend(resolver(host, port))
        except (OSError, ValueError):
            pass  # said below: no address was found
        finally:
            lookups.release()
            ended.set()

    if not lookups.acquire(timeout=max(timeout_s, 0)):
        raise _unresolved(f"Too many host names are being looked up to look up {host}.")
    try:
        threading.Thread(target=look, name="lookup", daemon=True).start()
    except (RuntimeError, MemoryError) as error:
        lookups.release()
        raise _unresolved(f"This machine has no thread left to look up {host}.") from error
    if not ended.wait(max(timeout_s, 0)):
        raise _unresolved(f"Looking up {host} took too long.")
    if not addresses:
        raise _unresolved(f"No address was found for {host}.")
    return tuple(addresses)


def _unresolved(detail: str) -> DecidedError:
    return DecidedError(Retry(Reason.DNS, detail))


def checked_addresses(addresses: Sequence[str], host: str, port: int) -> tuple[str, ...]:
    """Return those of ``addresses`` that may be posted to, in their order.

    Raises :class:`DecidedError` where none may, with a sentence that says how to allow it.
    """
    kinds = {address: refused_kind(ipaddress.ip_address(address)) for address in addresses}
    allowed = tuple(address for address, kind in kinds.items() if kind is None)
    if not allowed:
        detail = refusal(host, port, f"leads to a {next(iter(kinds.values()))} address")
        raise DecidedError(Rejected(Reason.ADDRESS_REFUSED, detail))
    return allowed


def refusal(host: str, port: int, what: str) -> str:
    """Return the sentences that refuse ``host`` because it ``what``, and say how to allow it."""
    shown = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return (
        f"{host} {what}, and is not posted to. If it is meant, "
        f'put "{shown}" into trusted_hosts of [network] in config/vigilia.toml.'
    )
