"""Build the FastAPI app around its services; nothing here reads a setting or opens a file."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from registry import __version__
from registry.api import schemas
from registry.api.accountable import Accountable, Checkpoints
from registry.api.at_once import AtOnce
from registry.api.examples import EXAMPLES
from registry.api.freshness import Freshness
from registry.api.front import Front
from registry.api.gate import Gate, open_to_pages
from registry.api.limits import Limits
from registry.api.problems import PROBLEM_RESPONSES, on_disconnect, on_hallmark_error, on_http_error
from registry.api.routes import documents, health, lookups, metrics, pages, status_lists, vc_api, verify
from registry.api.status_lists import ListPublisher
from registry.api.verifying import Verifier
from registry.errors import HallmarkError
from registry.store.reading.documents import DocumentStore
from registry.store.reading.evidence import SqlEvidence
from registry.store.reading.issuer_lists import IssuerLists
from registry.store.reading.left_out import LeftOut
from registry.store.reading.queries import RegistryQueries
from registry.store.reading.quick_evidence import QuickEvidence
from registry.verification.evidence import TrustedContract

STALE_AFTER = 3600
_DESCRIPTION = """A blockchain-anchored registry for microcredentials. Every answer can be checked without us.

No keys, no accounts. Errors are RFC 9457 problems. `ETag` and `Cache-Control` say how long an answer can be kept: what
rests on final blocks for ever, what the newest block says until it is asked for again. A look-up has a `warning` while
the mirror is halted, and in the middle of a catch-up, when what it read is not compared with the contract yet: then
there is no verdict either, and no evidence. A client that asks too fast is
answered 429, a registry that has too much to do answers 503, both with `Retry-After`; bodies are limited to 256 KiB
(deposits: to what the chain says they need). Lists come in parts: ask again with the cursor `next` as `after`.
"""


@dataclass(frozen=True, slots=True)
class Services:
    """What the routes work with.

    `clock` gives seconds since 1970; `stale_after` is in seconds. `left_out` is told of rows that cannot be read;
    `trouble` tells why nobody follows the chain in this process, empty where somebody does or nobody has to.
    """

    evidence: SqlEvidence
    queries: RegistryQueries
    lists_of_issuers: IssuerLists
    documents: DocumentStore
    lists: ListPublisher
    checkpoints: Checkpoints
    trusted: tuple[TrustedContract, ...]
    quick: QuickEvidence | None = None
    limits: Limits = field(default_factory=Limits)
    clock: Callable[[], float] = time.time
    stale_after: int = STALE_AFTER
    left_out: LeftOut = field(default_factory=LeftOut)
    trouble: Callable[[], str] = lambda: ""

    @property
    def verifier(self) -> Verifier:
        """Who judges documents."""
        return Verifier(self.evidence, self.trusted, self.clock)


def build_app(services: Services) -> FastAPI:
    """The registry's HTTP API over these services."""
    # The pages at /docs come from this process alone: no other site learns who reads them.
    app = FastAPIOffline(redoc_url=None, title="Hallmark registry", version=__version__, description=_DESCRIPTION)
    app.state.services = services
    app.add_exception_handler(HallmarkError, on_hallmark_error)
    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(RequestValidationError, on_http_error)
    app.add_exception_handler(ClientDisconnect, on_disconnect)
    for routes in (verify, vc_api, lookups, documents, status_lists, health, metrics, pages):
        app.include_router(routes.router, responses=PROBLEM_RESPONSES)
    app.add_middleware(Freshness, queries=services.queries)
    app.add_middleware(Accountable, checkpoints=services.checkpoints)
    generate = app.openapi
    app.openapi = lambda: schemas.with_examples(generate(), EXAMPLES)  # type: ignore[method-assign]
    # Built now rather than at the first request, so that gate and short way stand before all of it.
    inner = open_to_pages(app.build_middleware_stack())
    app.state.front = Front(
        inner, services.quick, services.verifier, services.checkpoints, services.limits.body_seconds
    )
    app.state.gate = Gate(app.state.front, services.limits)
    app.middleware_stack = app.state.gate
    return app


class Served:
    """The app as a server calls it: straight through the gate, without what FastAPI looks up for each request.

    Args:
        app: From `build_app`.
    """

    def __init__(self, app: FastAPI) -> None:
        self._app, self._gate = app, app.state.gate
        self.at_once = AtOnce(app, app.state.gate, app.state.front)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """ASGI."""
        scope["app"] = self._app
        answered: Awaitable[None] = self._gate(scope, receive, send)
        return answered
