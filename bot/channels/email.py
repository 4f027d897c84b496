"""E-mail, through a mail server that the group may post by (SMTP submission).

RFC 6409 (submission), RFC 2369 and RFC 8058 (List-Unsubscribe); read 2026-11-24.
"""

from __future__ import annotations

from collections.abc import Collection
from email.headerregistry import Address as Mailbox
from email.message import EmailMessage
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator

from bot.channels.addresses import (
    address_problem,
    digest,
    mail_address,
    mail_sender,
    unsubscribe_address,
)
from bot.channels.email_message import ONE_CLICK, complete, words_of
from bot.channels.platform import ChannelOptions, Envelope, Platform, Rates
from bot.channels.request import MailServer, MimeRequest, Security
from bot.content.message import Message

PORTS: dict[Security, int] = {"starttls": 587, "tls": 465, "none": 25}


Recipient = Annotated[str, AfterValidator(mail_address)]


class EmailOptions(ChannelOptions):
    """``host`` is the mail server, ``user`` and ``password`` sign in there. ``sender`` is who it is
    from, ``to`` one address (best a list's) or several, which do not see one another.

    ``unsubscribe`` is where a reader leaves the list; ``unsubscribe_one_click`` says that a POST to
    it, without a page, is enough.
    """

    host: str
    security: Security = "starttls"
    port: Annotated[int, Field(ge=1, le=65535, strict=True)] | None = None
    user: str | None = None
    password: SecretStr | None = None
    sender: Annotated[str, AfterValidator(mail_sender)]
    to: Annotated[
        tuple[Recipient, ...],
        BeforeValidator(lambda to: [to] if isinstance(to, str) else to),
        Field(min_length=1, max_length=50),
    ]
    reply_to: Recipient | None = None
    unsubscribe: Annotated[str, AfterValidator(unsubscribe_address)] | None = None
    unsubscribe_one_click: bool = False

    @model_validator(mode="after")
    def _goes_together(self) -> EmailOptions:
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password go together; give both or neither")
        if not ((self.user or "") + self.password_text).isascii():
            raise ValueError("user and password may have no accents: mail servers take none")
        if self.unsubscribe_one_click and not (self.unsubscribe or "").startswith("https://"):
            raise ValueError("unsubscribe_one_click needs an https: address as unsubscribe")
        return self

    @property
    def password_text(self) -> str:
        return self.password.get_secret_value() if self.password else ""

    @property
    def server(self) -> MailServer:
        port = self.port or PORTS[self.security]
        return MailServer(self.host, port, self.security, self.user, self.password_text)


class Email(Platform[EmailOptions, EmailMessage]):
    """One e-mail a posting, with all its languages. Nothing limits its length."""

    name = "email"
    called = "E-mail"
    actor = "The mail server"
    where = "with whoever keeps your mail server"
    options_model = EmailOptions

    def address_problem(self, options: EmailOptions, trusted_hosts: Collection[str]) -> str | None:
        """Return what is wrong with the host, judged as that of a web address is."""
        host = f"[{options.host}]" if ":" in options.host else options.host
        scheme = "http" if options.security == "none" else "https"
        problem = address_problem(f"{scheme}://{host}:{options.server.port}/", trusted_hosts)
        if problem and scheme == "http" and "http://" in problem:
            return (
                '`security = "none"` sends the message and the password so that anyone on the way '
                'could read them; use "starttls" or "tls", or add the host to trusted_hosts in '
                "config/vigilia.toml if it is your own."
            )
        return problem and problem.replace("The address's host", "The mail server's host")

    def address_digest(self, options: EmailOptions) -> str:
        to = ",".join(sorted(recipient.lower() for recipient in options.to))
        return digest(self.name, to)

    def rate_keys(self, options: EmailOptions) -> Rates:
        place = digest(self.name, options.host.lower(), options.user or "")
        # A submission server documents no rate of its own; this one is polite.
        return ((f"{self.name}:{place}", 1.0),)

    def payload(self, message: Message, options: EmailOptions | None) -> EmailMessage:
        return words_of(message)

    def assembled(
        self, payload: EmailMessage, options: EmailOptions, envelope: Envelope
    ) -> MimeRequest:
        name, _, bracketed = options.sender.rpartition("<")
        sender, leave = bracketed.rstrip(">"), options.unsubscribe
        fields = {
            "From": Mailbox(name.strip(), addr_spec=sender),
            "To": options.to[0] if len(options.to) == 1 else "undisclosed-recipients:;",
            "Reply-To": options.reply_to,
            "List-Unsubscribe": f"<{leave}>" if leave else None,
            "List-Unsubscribe-Post": ONE_CLICK if options.unsubscribe_one_click else None,
        }
        content = complete(payload, fields, envelope, sender.rpartition("@")[2])
        return MimeRequest(options.server, sender, options.to, content)


PLATFORM = Email()
