"""E-mail, through a mail server that the group may post by (SMTP submission).

RFC 5322 (the message), RFC 2369 and RFC 8058 (List-Unsubscribe), RFC 3834 (Auto-Submitted); read
2026-11-24. Each message has its words as plain text and as HTML. The answers of the server are read
in :mod:`bot.channels.smtp_answers`.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime, timedelta
from email.headerregistry import Address as Mailbox
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Annotated

import idna
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator

from bot.channels.addresses import address_problem, digest
from bot.channels.answers import read_answer
from bot.channels.dialects.dialect import one_line
from bot.channels.email_html import page
from bot.channels.http_platform import ChannelOptions
from bot.channels.local_platform import message_text
from bot.channels.outcome import Outcome
from bot.channels.platform import Envelope, Platform
from bot.channels.request import MailServer, MimeRequest, Response, Security
from bot.content.message import Message

# A submission server documents no rate of its own; this one is polite.
RATE = 1.0

PORTS: dict[Security, int] = {"starttls": 587, "tls": 465, "none": 25}

_LOCAL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}")


def _ascii_address(address: str) -> str:
    """Gives a bare address, its domain in ASCII. Raises ValueError with a sentence without it."""
    local, at, domain = address.strip().rpartition("@")
    try:
        ascii_domain = idna.encode(domain, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        ascii_domain = ""
    if not at or not _LOCAL.fullmatch(local) or not ascii_domain:
        raise ValueError(
            "an e-mail address is written name@example.org, before the @ without accents"
        )
    return f"{local}@{ascii_domain}"


def _sender(text: str) -> str:
    """Takes ``name@example.org`` or ``Our group <name@example.org>``."""
    name, bracket, rest = text.partition("<")
    if not bracket:
        return _ascii_address(text)
    if not rest.endswith(">") or re.search(r"[\x00-\x1f\x7f]", name):
        raise ValueError("a sender is written Our group <name@example.org>")
    return f"{name.strip()} <{_ascii_address(rest[:-1])}>"


def _one_or_more(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _unsubscribe(address: str) -> str:
    if not re.fullmatch(r"(mailto:[^\s<>,]+@[^\s<>,]+|https://[^\s<>,]+)", address, re.ASCII):
        raise ValueError("it is a mailto: or an https: address")
    return address


Sender = Annotated[str, AfterValidator(_sender)]
Recipient = Annotated[str, AfterValidator(_ascii_address)]
Recipients = Annotated[
    tuple[Recipient, ...], BeforeValidator(_one_or_more), Field(min_length=1, max_length=50)
]
Unsubscribe = Annotated[str, AfterValidator(_unsubscribe)]
Port = Annotated[int, Field(ge=1, le=65535, strict=True)]


class EmailOptions(ChannelOptions):
    """``host`` is the mail server, ``user`` and ``password`` sign in there. ``sender`` is who it is
    from, ``to`` one address (best a list's) or several, which do not see one another.

    ``unsubscribe`` is where a reader leaves the list; ``unsubscribe_one_click`` says that a POST to
    it, without a page, is enough.
    """

    host: str
    security: Security = "starttls"
    port: Port | None = None
    user: str | None = None
    password: SecretStr | None = None
    sender: Sender
    to: Recipients
    reply_to: Recipient | None = None
    unsubscribe: Unsubscribe | None = None
    unsubscribe_one_click: bool = False

    @model_validator(mode="after")
    def _goes_together(self) -> EmailOptions:
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password go together; give both or neither")
        secret = self.password.get_secret_value() if self.password else ""
        if not ((self.user or "") + secret).isascii():
            raise ValueError("user and password may have no accents: mail servers take none")
        https = self.unsubscribe is not None and self.unsubscribe.startswith("https://")
        if self.unsubscribe_one_click and not https:
            raise ValueError("unsubscribe_one_click needs an https: address as unsubscribe")
        return self

    @property
    def its_port(self) -> int:
        return self.port or PORTS[self.security]


class Email:
    """One e-mail a posting, with all its languages. Nothing limits its length."""

    name = "email"
    local = False
    options_model = EmailOptions
    called = "The mail server"
    where = "with whoever keeps your mail server"
    repeat_safe_for: timedelta | None = None

    def address_problem(self, options: EmailOptions, trusted_hosts: Collection[str]) -> str | None:
        """Judges the host as that of a web address is judged: by its name, or its number."""
        host = f"[{options.host}]" if ":" in options.host else options.host
        secure = options.security != "none"
        problem = address_problem(
            f"{'https' if secure else 'http'}://{host}:{options.its_port}/", trusted_hosts
        )
        if problem is None:
            return None
        if not secure and "http://" in problem:
            return (
                '`security = "none"` sends the message and the password so that anyone on the way '
                'could read them; use "starttls" or "tls", or add the host to trusted_hosts in '
                "config/vigilia.toml if it is your own."
            )
        return problem.replace("The address's host", "The mail server's host")

    def address_digest(self, options: EmailOptions) -> str:
        to = ",".join(sorted(recipient.lower() for recipient in options.to))
        return digest(self.name, to)

    def rate_keys(self, options: EmailOptions) -> tuple[tuple[str, float], ...]:
        place = digest(self.name, options.host.lower(), options.user or "")
        return ((f"{self.name}:{place}", RATE),)

    def fitting_problems(
        self, message: Message, options: EmailOptions | None = None
    ) -> tuple[str, ...]:
        return ()

    def request(self, message: Message, options: EmailOptions, envelope: Envelope) -> MimeRequest:
        sender = _bare(options.sender)
        mime = _mime(message, options, envelope, domain=sender.rpartition("@")[2])
        password = options.password.get_secret_value() if options.password else ""
        server = MailServer(
            host=options.host,
            port=options.its_port,
            security=options.security,
            user=options.user,
            password=password,
        )
        return MimeRequest(server, sender, options.to, mime.as_bytes(policy=SMTP))

    def outcome(self, response: Response, at: datetime) -> Outcome:
        """A mail server gives no such answer; one that is given all the same is read as usual."""
        return read_answer(response, at)


def _bare(sender: str) -> str:
    return sender.partition("<")[2].rstrip(">") or sender


def _mime(message: Message, options: EmailOptions, envelope: Envelope, domain: str) -> EmailMessage:
    """Gives the message, the same bytes for the same envelope and words."""
    mime = EmailMessage(policy=SMTP)
    name = options.sender.partition("<")[0].strip() if "<" in options.sender else ""
    mime["Subject"] = one_line(message.title)
    mime["From"] = Mailbox(name, addr_spec=_bare(options.sender))
    mime["To"] = options.to[0] if len(options.to) == 1 else "undisclosed-recipients:;"
    if options.reply_to:
        mime["Reply-To"] = options.reply_to
    mime["Date"] = format_datetime(envelope.at)
    mime["Message-ID"] = message_id(envelope.request_id, domain)
    mime["Auto-Submitted"] = "auto-generated"
    if options.unsubscribe:
        mime["List-Unsubscribe"] = f"<{options.unsubscribe}>"
        if options.unsubscribe_one_click:
            mime["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mime.set_content(message_text(message) + "\n", cte="quoted-printable")
    mime.add_alternative(page(message), subtype="html", cte="quoted-printable")
    mime["Content-Language"] = ", ".join(message.languages)
    mime.set_boundary(f"=_{envelope.request_id}")
    return mime


def message_id(request_id: str, domain: str) -> str:
    """Gives the Message-ID that all attempts at one generation of a posting have."""
    return f"<{request_id}@{domain}>"


PLATFORM: Platform[EmailOptions] = Email()
