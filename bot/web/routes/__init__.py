"""One module a page or a question: each has a ``router``."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from fastapi import APIRouter

ROUTERS: tuple[APIRouter, ...] = tuple(
    import_module(f"{__name__}.{module.name}").router for module in iter_modules(__path__)
)
