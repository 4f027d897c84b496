"""One module a page or a question. A new one is a module with ``router`` and a line here."""

from __future__ import annotations

from fastapi import APIRouter

from bot.web.routes import (
    api,
    api_decisions,
    calendar,
    channels,
    decisions,
    deliveries,
    feeds,
    health,
    inbox,
    live,
    login,
    mail_part,
    posting,
    static,
    upcoming,
)

ROUTERS: tuple[APIRouter, ...] = (
    upcoming.router,
    posting.router,
    mail_part.router,
    decisions.router,
    deliveries.router,
    channels.router,
    inbox.router,
    calendar.router,
    login.router,
    live.router,
    health.router,
    feeds.router,
    api.router,
    api_decisions.router,
    static.router,
)
