"""The guard before every route: the host's name, who comes, that a change was meant, the headers.

Nothing behind it has to think of these, so that no page can forget one of them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.web.app_state import Site
from bot.web.i18n import N_, chosen, speak
from bot.web.visitors import Visitor

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[Any], Awaitable[None]]
App = Callable[[Any, Any, Any], Awaitable[None]]
Refuse = Callable[[Request, int, str], Response]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
LONGEST_BODY = 64 * 1024

OPEN_PATHS = ("/static/", "/healthz", "/readyz", "/login")
"""What is shown without a login: nothing in it tells of postings or channels."""
FEED_PATHS = ("/calendar.ics", "/feed.atom", "/upcoming.atom")
"""What ``public_feeds`` opens too."""
API_PATH = "/api/"
PROGRAM_PATHS = (API_PATH, "/metrics", "/live", *FEED_PATHS)
"""What programs ask for: they get a status where a person gets the login page."""

LANGUAGE_COOKIE = "vigilia-language"

# Everything from this page, nothing inline: what got into a page could not run.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # not "no-referrer": a form would then name no origin, and could not be told from a stranger's
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Robots-Tag": "noindex, nofollow",
}

OTHER_HOST = N_(
    "This address is not called {host} as far as Vigilia knows. If it is, write"
    ' address = "https://{host}" under [web] in config/vigilia.toml.'
)
NOT_MEANT = N_(
    "Nothing was changed: the page was too old, or the request came from another site."
    " Go back, load the page again, and try once more."
)
TOO_LARGE = N_("Nothing was changed: too much was sent.")
NOT_ADMITTED = N_("A token is needed here, or a login.")
PROGRAMS_SAY_IT = (
    "A program changes something only with the token (Authorization: Bearer …), which"
    " VIGILIA_WEB_TOKEN in .env sets. No login and no cookie counts here."
)


@dataclass
class Caller:
    """Who makes a request. ``by_token``: a program that said the token. ``form``: what was sent."""

    visitor: Visitor
    by_token: bool = False
    form: Mapping[str, str] = field(default_factory=dict)


def caller_of(request: Request) -> Caller:
    """Return who makes a request that the guard let through."""
    caller: Caller = request.scope["caller"]
    return caller


class Guard:
    """Lets a request through to the routes, or answers it itself."""

    def __init__(self, app: App, site: Site, refuse: Refuse) -> None:
        self._app = app
        self._site = site
        self._refuse = refuse

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        if self._site.access.is_https:
            scope["scheme"] = "https"
        request = Request(scope)
        cookies = request.cookies
        speak(chosen(request.headers.get("accept-language", ""), cookies.get(LANGUAGE_COOKIE)))
        recognised = self._site.visitors.visitor_of(cookies.get(cookie_name(request)))
        visitor = recognised or self._site.visitors.new()
        scope["caller"] = Caller(visitor)

        async def answering(message: Any) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Date", formatdate(usegmt=True))
                headers.setdefault("Cache-Control", "no-store")
                # a page has forms, and the cookie has to be there when one is sent
                page = headers.get("content-type", "").startswith("text/html")
                if recognised is None and page and "set-cookie" not in headers:
                    self.remember(headers, request, visitor)
            await send(message)

        answer, receive = await self._stopped(request, receive)
        await (answer or self._app)(scope, receive, answering)

    def remember(self, headers: MutableHeaders, request: Request, visitor: Visitor) -> None:
        """Put the cookie of a visitor into an answer."""
        put_cookie(headers, request, cookie_name(request), self._site.visitors.cookie(visitor))

    async def _stopped(self, request: Request, receive: Receive) -> tuple[Response | None, Receive]:
        """Return the answer that refuses a request (None: it may pass), and the body’s source."""
        access, caller = self._site.access, caller_of(request)
        host = request.headers.get("host", "")
        if not access.knows_host(host):
            return self._refuse(request, 421, OTHER_HOST), receive
        lacking = self._lacks_token(request, caller)
        if lacking is not None:
            return self._refuse(request, 401, lacking), receive
        if request.method not in SAFE_METHODS:
            body = await _body(receive)
            if body is None:
                return self._refuse(request, 413, TOO_LARGE), receive
            receive = _again(body)
            caller.form = _form(request, body)
            if not caller.by_token and not self._is_meant(request, caller):
                return self._refuse(request, 403, NOT_MEANT), receive
        if access.needs_login and not (caller.by_token or caller.visitor.name):
            return self._to_login(request), receive
        return None, receive

    def _lacks_token(self, request: Request, caller: Caller) -> str | None:
        """Return why a request needs another token, or one; None where it may go on. Notes who said
        the right one."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            caller.by_token = self._site.access.is_token(token.strip())
            return None if caller.by_token else NOT_ADMITTED
        changes = request.method not in SAFE_METHODS
        return PROGRAMS_SAY_IT if changes and request.url.path.startswith(API_PATH) else None

    def _to_login(self, request: Request) -> Response | None:
        path = request.url.path
        if path.startswith(OPEN_PATHS) or path.startswith("/language/"):
            return None
        if self._site.access.public_feeds and path in FEED_PATHS:
            return None
        if request.method == "GET" and not path.startswith(PROGRAM_PATHS):
            query = f"?{request.url.query}" if request.url.query else ""
            return RedirectResponse(f"/login?next={quote(path + query, safe='')}", 303)
        return self._refuse(request, 401, NOT_ADMITTED)

    def _is_meant(self, request: Request, caller: Caller) -> bool:
        """Whether a change comes from a form of this page, which this browser was shown."""
        origin = request.headers.get("origin")
        if origin is None:
            # not every browser names it for its own forms; then it says where it comes from
            origin = _origin(request.headers.get("referer", ""))
        if origin != f"{request.url.scheme}://{request.headers['host']}":
            return False
        if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return False
        token = request.headers.get("x-csrf-token") or caller.form.get("csrf", "")
        return self._site.visitors.is_csrf(caller.visitor, token)


def cookie_name(request: Request) -> str:
    """Return the name of the cookie; the prefix binds it to exactly this host."""
    return "__Host-vigilia" if is_secure(request) else "vigilia"


def put_cookie(headers: MutableHeaders, request: Request, name: str, value: str) -> None:
    """Set a cookie that only this page gets, and no script."""
    secure = "; Secure" if is_secure(request) else ""
    headers.append("set-cookie", f"{name}={value}; Path=/; HttpOnly; SameSite=Strict{secure}")


def is_secure(request: Request) -> bool:
    """Whether a cookie can be kept for encrypted connections.

    Always, but for Safari on this machine itself, where nothing is encrypted and nothing leaves
    the machine: it drops such a cookie, which other browsers keep
    (https://bugs.webkit.org/show_bug.cgi?id=281149, read 2026-11-24).
    """
    if request.url.scheme == "https":
        return True
    agent = request.headers.get("user-agent", "")
    is_safari = "Safari/" in agent and "Chrome/" not in agent and "Chromium/" not in agent
    name = request.url.hostname or ""
    here = name == "localhost" or name.startswith("127.") or name == "::1"
    return not (is_safari and here)


def _origin(address: str) -> str | None:
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else None


async def _body(receive: Receive) -> bytes | None:
    """Return the whole body, None where it is too long."""
    body = b""
    while True:
        message = await receive()
        piece: bytes = message.get("body", b"")
        body += piece
        if len(body) > LONGEST_BODY:
            return None
        if not message.get("more_body", False):
            return body


def _again(body: bytes) -> Receive:
    """Return the source of a body that was read already."""
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        return messages.pop() if messages else {"type": "http.disconnect"}

    return receive


def _form(request: Request, body: bytes) -> dict[str, str]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if kind != "application/x-www-form-urlencoded":
        return {}
    try:
        return dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=50))
    except ValueError:
        return {}
