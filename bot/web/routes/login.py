"""Coming in and going out, and the language of the page."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.datastructures import MutableHeaders
from starlette.responses import RedirectResponse, Response

from bot.logs import log
from bot.web.app_state import Site, SiteHere
from bot.web.guard import LANGUAGE_COOKIE, cookie_name, put_cookie
from bot.web.i18n import LANGUAGES, _
from bot.web.pages import PageHere
from bot.web.routes.decisions import LONGEST_NAME
from bot.web.visitors import Visitor

router = APIRouter(include_in_schema=False)

LONGEST_SECRET = 1_000


@router.get("/login")
def ask(site: SiteHere, page: PageHere, next: str = "/") -> Response:  # noqa: A002
    """Ask for the token or the password."""
    if not site.access.needs_login or page.visitor.name:
        return RedirectResponse(own_path(next), 303)
    return page.show("login.html", next=own_path(next), trouble="", name="")


@router.post("/login")
def log_in(request: Request, site: SiteHere, page: PageHere) -> Response:
    """Let somebody in who knows the secret; the session begins with an id of its own."""
    form = page.form
    address = request.client.host if request.client else ""
    name = form.get("name", "").strip()[:LONGEST_NAME]
    target = own_path(form.get("next", "/"))
    wait_s = site.logins.wait_s(address)
    if wait_s:
        trouble = _("Too many wrong tries. Try again in {n} minutes.").format(n=-(-wait_s // 60))
        answer = page.show("login.html", status=429, next=target, trouble=trouble, name=name)
        answer.headers["Retry-After"] = str(wait_s)
        return answer
    secret = form.get("secret", "")
    if not name or len(secret) > LONGEST_SECRET or not site.access.admits(secret):
        if name:
            site.logins.failed(address)
            log(
                "login-refused",
                "Somebody said a wrong token or password.",
                level="warning",
                address=address,
            )
        trouble = (
            _("This is not the token or the password.")
            if name
            else _("Say who you are: the name is kept with what you decide.")
        )
        return page.show("login.html", status=403, next=target, trouble=trouble, name=name)
    site.logins.succeeded(address)
    site.visitors.logged_out(page.visitor)
    return _with_cookie(request, site, site.visitors.logged_in(name), target)


@router.post("/logout")
def log_out(request: Request, site: SiteHere, page: PageHere) -> Response:
    """End a session."""
    site.visitors.logged_out(page.visitor)
    return _with_cookie(request, site, site.visitors.new(), "/")


@router.get("/language/{code}")
def language(request: Request, code: str, next: str = "/") -> Response:  # noqa: A002
    """Keep the language that somebody chose."""
    answer = RedirectResponse(own_path(next), 303)
    if code in LANGUAGES:
        put_cookie(MutableHeaders(raw=answer.raw_headers), request, LANGUAGE_COOKIE, code)
    return answer


def _with_cookie(request: Request, site: Site, visitor: Visitor, target: str) -> Response:
    answer = RedirectResponse(target, 303)
    headers = MutableHeaders(raw=answer.raw_headers)
    put_cookie(headers, request, cookie_name(request), site.visitors.cookie(visitor))
    return answer


def own_path(path: str) -> str:
    """Return a path of this page; ``/`` for whatever might lead elsewhere."""
    plain = path.isprintable() and path.startswith("/") and "\\" not in path
    return path if plain and not path.startswith("//") else "/"
