"""One module a page or a question. A new one is a module with ``router`` and a line here."""

from __future__ import annotations

from fastapi import APIRouter

from bot.web.routes import (
    calendar,
    channels,
    coming,
    decide,
    deliveries,
    health,
    inbox,
    live,
    login,
    posting,
    static,
)

ROUTERS: tuple[APIRouter, ...] = (
    coming.router,
    posting.router,
    decide.router,
    deliveries.router,
    channels.router,
    inbox.router,
    calendar.router,
    login.router,
    live.router,
    health.router,
    static.router,
)
