"""The application: routes behind the guard, and a page for each way to go wrong."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from bot import __version__
from bot.errors import VigiliaError
from bot.logs import log
from bot.web.app_state import Site
from bot.web.conditional import ContentCache
from bot.web.guard import PROGRAM_PATHS, Guard
from bot.web.i18n import N_, _
from bot.web.pages import Page, Pages
from bot.web.problems import problem
from bot.web.routes import ROUTERS
from bot.web.routes.live import Pulse

_TITLES = {
    401: N_("You are not logged in"),
    403: N_("Nothing was changed"),
    404: N_("There is no such page"),
    405: N_("There is no such page"),
    413: N_("Nothing was changed"),
    421: N_("This is another address"),
    422: N_("The address of this page is not complete"),
}
_LOST = N_("The address may be old, or have a mistake in it.")
_NOT_UNDERSTOOD = "Something in the request is missing or not what it should be."
_BROKEN = "Vigilia has a defect here. Please report it, with what you asked for."


def build_app(site: Site, pages: Pages) -> Guard:
    """Return the application of a site: routes behind the guard."""
    app = FastAPI(
        title="Vigilia",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        redirect_slashes=False,
    )
    app.state.site = site
    app.state.pages = pages
    app.state.pulse = Pulse(site)
    app.state.shelf = ContentCache()
    for router in ROUTERS:
        app.include_router(router)

    def refuse(request: Request, status: int, sentence: str) -> Response:
        host = request.headers.get("host", "")[:100]
        if by_program(request):
            return problem(status, sentence.replace("{host}", host), headers=_asking(status))
        return Page(request, pages).say(
            _(_TITLES[status]), _(sentence).replace("{host}", host), status=status
        )

    @app.exception_handler(HTTPException)
    def _no_page(request: Request, error: HTTPException) -> Response:
        status = error.status_code
        if by_program(request):
            return problem(status, error.detail, headers=error.headers)
        return Page(request, pages).say(
            _(_TITLES.get(status, _TITLES[404])), _(_LOST), status=status
        )

    @app.exception_handler(RequestValidationError)
    def _bad_query(request: Request, error: RequestValidationError) -> Response:
        if by_program(request):
            # where and why, never the value: it may be a secret in the wrong place
            errors = [
                {"where": ".".join(map(str, item["loc"])), "message": item["msg"]}
                for item in error.errors()
            ]
            return problem(422, _NOT_UNDERSTOOD, errors=errors)
        return Page(request, pages).say(_(_TITLES[422]), _(_LOST), status=422)

    @app.exception_handler(VigiliaError)
    def _in_trouble(request: Request, error: VigiliaError) -> Response:
        if by_program(request):
            return problem(503, str(error))
        return Page(request, pages).say(
            _("This cannot be shown at the moment"), str(error), status=503
        )

    @app.exception_handler(Exception)
    def _defect(request: Request, error: Exception) -> Response:
        log(
            "page-defect",
            f"A page met a defect: {type(error).__name__}.",
            level="error",
            path=request.url.path,
        )
        if by_program(request):
            return problem(500, _BROKEN)
        sentence = _("Postings are not touched by it. Please report it, with what you did.")
        return Page(request, pages).say(_("Vigilia has a defect here"), sentence, status=500)

    return Guard(app, site, refuse)


def by_program(request: Request) -> bool:
    """Whether a program asks, which reads no pages."""
    return request.url.path.startswith(PROGRAM_PATHS)


def _asking(status: int) -> dict[str, str]:
    """Return the header that goes with 401: how to say the token."""
    return {"WWW-Authenticate": 'Bearer realm="Vigilia"'} if status == 401 else {}
