"""Who may come in: the settings of ``[web]``, the password's hash, and what the page is called."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from bot.errors import ConfigError, Problem
from bot.project.load import Project
from bot.settings.listening import Listen

# About 50 ms and 16 MiB a try: https://datatracker.ietf.org/doc/html/rfc7914
_N, _R, _P = 2**14, 8, 1
_SALT_BYTES = 16


@dataclass(frozen=True)
class Access:
    """What the guard goes by. ``listen`` is where the page listens, ``address`` what people call
    it where that is something else: ``https://vigilia.example.org``."""

    listen: Listen
    token: str | None = field(default=None, repr=False)
    password_hash: str | None = field(default=None, repr=False)
    address: str | None = None
    public_feeds: bool = False

    @property
    def needs_login(self) -> bool:
        """Whether a person has to say a token or a password first."""
        return self.token is not None or self.password_hash is not None

    @property
    def is_https(self) -> bool:
        """Whether people reach the page through https, as its address says."""
        return self.address is not None and self.address.startswith("https://")

    def link(self, path: str) -> str:
        """Return the address of a page, for a person who reads it elsewhere."""
        base = self.address or f"http://{self.listen.text}"
        return f"{base.rstrip('/')}{path}"

    def admits(self, secret: str) -> bool:
        """Whether this is the token or the password. Takes the same time for every wrong one."""
        by_token = self.is_token(secret)
        by_password = self.password_hash is not None and is_password(secret, self.password_hash)
        return by_token or by_password

    def is_token(self, secret: str) -> bool:
        """Whether this is the token, which programs send."""
        return self.token is not None and hmac.compare_digest(
            secret.encode("utf-8"), self.token.encode("utf-8")
        )

    def knows_host(self, host: str) -> bool:
        """Whether a request for ``host`` (a Host header) means this page.

        A web site elsewhere can make its own name lead to this machine (DNS rebinding), and then
        be read as if it were this page. It can do so with a name, never with a literal address.
        """
        try:
            name = urlsplit(f"//{host}").hostname
        except ValueError:
            return False
        if not name:
            return False
        hosts = {"localhost", self.listen.host}
        if self.address is not None:
            hosts.add(urlsplit(self.address).hostname or "")
        return name in hosts or _is_literal(name)


def _is_literal(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def access_of(project: Project) -> Access | None:
    """Return the access that ``[web]`` describes; None where the page is off.

    Raises ConfigError where others could reach the page and nothing is asked of them.
    """
    web = project.settings.web
    if web.listen is None:
        return None
    token = web.token.get_secret_value() if web.token else None
    hash_ = web.password_hash.get_secret_value() if web.password_hash else None
    access = Access(web.listen, token, hash_, web.address, web.public_feeds)
    if not web.listen.is_loopback and not access.needs_login:
        file = project.places.label(project.places.main_config / "vigilia.toml")
        sentence = (
            f"'listen' is {web.listen}, which others can reach, so the page needs a secret: set "
            "VIGILIA_WEB_TOKEN in .env, or 'password_hash' (`vigilia password` makes one). Or let "
            "it listen on 127.0.0.1 only."
        )
        raise ConfigError([Problem("error", "open-page", file, "[web]", sentence)])
    return access


def password_hash(password: str) -> str:
    """Return what stands for a password in the settings: scrypt with a salt of its own."""
    salt = secrets.token_bytes(_SALT_BYTES)
    digest = hashlib.scrypt(password.encode("utf-8"), salt=salt, n=_N, r=_R, p=_P)
    return f"scrypt:{_N}:{_R}:{_P}:{_base64(salt)}:{_base64(digest)}"


def is_password(password: str, hashed: str) -> bool:
    """Whether ``hashed`` was made of this password; False too where it was made of none."""
    try:
        kind, n, r, p, salt, digest = hashed.split(":")
        derived = hashlib.scrypt(
            password.encode("utf-8"), salt=urlsafe_b64decode(salt), n=int(n), r=int(r), p=int(p)
        )
        return kind == "scrypt" and hmac.compare_digest(derived, urlsafe_b64decode(digest))
    except ValueError:
        return False


def _base64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode("ascii")
