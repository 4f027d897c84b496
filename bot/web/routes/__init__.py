"""One module a page or a question. A new one is a module with ``router`` and a line here."""

from __future__ import annotations

from fastapi import APIRouter

from bot.web.routes import (
    api,
    api_deciding,
    calendar,
    channels,
    coming,
    decide,
    deliveries,
    feeds,
    health,
    inbox,
    live,
    login,
    mail_part,
    posting,
    static,
)

ROUTERS: tuple[APIRouter, ...] = (
    coming.router,
    posting.router,
    mail_part.router,
    decide.router,
    deliveries.router,
    channels.router,
    inbox.router,
    calendar.router,
    login.router,
    live.router,
    health.router,
    feeds.router,
    api.router,
    api_deciding.router,
    static.router,
)
