"""Build the FastAPI app around its services; nothing here reads a setting or opens a file."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException

from registry import __version__
from registry.api.freshness import Freshness
from registry.api.problems import PROBLEM_RESPONSES, on_hallmark_error, on_http_error
from registry.api.routes import documents, health, lookups, metrics, status_lists, verify
from registry.api.status_lists import ListPublisher
from registry.errors import HallmarkError
from registry.store.documents import DocumentStore
from registry.store.evidence import SqlEvidence
from registry.store.queries import RegistryQueries
from registry.verification.evidence import TrustedContract

STALE_AFTER = 3600


@dataclass(frozen=True, slots=True)
class Services:
    """What the routes work with. `clock` gives seconds since 1970; `stale_after` is in seconds."""

    evidence: SqlEvidence
    queries: RegistryQueries
    documents: DocumentStore
    lists: ListPublisher
    trusted: tuple[TrustedContract, ...]
    clock: Callable[[], float] = time.time
    stale_after: int = STALE_AFTER


def build_app(services: Services) -> FastAPI:
    """The registry's HTTP API over these services."""
    # The pages at /docs come from this process alone: no other site learns who reads them.
    app = FastAPIOffline(
        redoc_url=None,
        title="Hallmark registry",
        version=__version__,
        description="A blockchain-anchored registry for microcredentials. Every answer can be checked without us.",
    )
    app.state.services = services
    app.add_exception_handler(HallmarkError, on_hallmark_error)
    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(RequestValidationError, on_http_error)
    for routes in (verify, lookups, documents, status_lists, health, metrics):
        app.include_router(routes.router, responses=PROBLEM_RESPONSES)
    app.add_middleware(Freshness, queries=services.queries)
    return app
