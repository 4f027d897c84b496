"""For programs that watch: whether the service gets on, is ready, and in what numbers.

The two probes are open to anybody and say nothing about postings.
"""

from __future__ import annotations

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_PLAIN_1_0_0
from starlette.responses import PlainTextResponse, Response

from bot.errors import LedgerError
from bot.web.app_state import SiteHere

router = APIRouter(include_in_schema=False)


@router.api_route("/healthz", methods=["GET", "HEAD"])
def healthz(site: SiteHere) -> Response:
    """Answer 200 while scheduler, ledger and workers get on with their work; else 503, and say
    which does not."""
    trouble = site.health_problem()
    return PlainTextResponse("ok\n") if trouble is None else PlainTextResponse(f"{trouble}\n", 503)


@router.api_route("/readyz", methods=["GET", "HEAD"])
def readyz(site: SiteHere) -> Response:
    """Answer 200 while the page can show what stands in the ledger; else 503."""
    try:
        site.ledger.latest_run()
    except LedgerError:
        return PlainTextResponse("The ledger cannot be read.\n", 503)
    return PlainTextResponse("ready\n")


@router.api_route("/metrics", methods=["GET", "HEAD"])
def metrics(site: SiteHere) -> Response:
    """Return the numbers, in Prometheus' text format."""
    return Response(site.metrics.text(), media_type=CONTENT_TYPE_PLAIN_1_0_0)
