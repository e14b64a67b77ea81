"""The pages: HTML around ES modules that judge documents in the reader's browser, and what those modules ask for.

Nothing here takes a document. Each page's Content-Security-Policy allows this origin and nothing else; only the frame
that asks an endpoint of the reader's own may speak to one origin more, the one that was entered.
"""

import re
from functools import cache
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from registry.api.caching import FOREVER, REVALIDATE, cached, tag_of
from registry.api.page_tables import context_texts, page_tables
from registry.errors import MalformedError, NotFound

router = APIRouter(include_in_schema=False)
STATIC = Path(__file__).parents[1] / "static"
_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
_ORIGIN = re.compile(
    r"https://[a-z0-9.-]{1,253}(:\d{1,5})?|http://(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?", re.ASCII
)
_NOT_BUILT = (
    "The page's libraries are not built. Run `make page` in the project's folder, then start the server again.\n"
)
_AS_NAMED = {"X-Content-Type-Options": "nosniff"}
_ALONE = {
    **_AS_NAMED,
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
}


def policy(*, connect: str = "'self'", ancestors: str = "'none'") -> str:
    """A Content-Security-Policy: scripts, styles, pictures and frames of this origin, and one place to connect to."""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; worker-src 'self'; "
        f"frame-src 'self'; connect-src {connect}; base-uri 'none'; form-action 'none'; frame-ancestors {ancestors}"
    )


@cache
def _html(name: str, title: str) -> bytes:
    parts = {"{{main}}": _read(f"{name}.html"), "{{title}}": title, "{{script}}": f"{name}_page"}
    layout = _read("layout.html")
    for mark, text in parts.items():
        layout = layout.replace(mark, text)
    return layout.encode()


def _read(name: str) -> str:
    return (STATIC / "pages" / name).read_text("utf-8").strip()


@cache
def _files() -> dict[str, tuple[bytes, str, str]]:
    """Every file that is served, by its path: bytes, media type, entity tag. Read once, so no path reaches the disk."""
    found = {}
    for path in sorted(STATIC.rglob("*")):
        if path.suffix in _TYPES and path.is_file():
            data = path.read_bytes()
            found[path.relative_to(STATIC).as_posix()] = (data, _TYPES[path.suffix], tag_of(data))
    return found


def _page(name: str, title: str) -> Response:
    if not (STATIC / "vendor").is_dir():
        return Response(_NOT_BUILT, 503, media_type="text/plain")
    headers = {**_ALONE, "Content-Security-Policy": policy(), "Cache-Control": REVALIDATE}
    return Response(_html(name, title), media_type="text/html", headers=headers)


@router.get("/")
def verify_page() -> Response:
    """The verification page."""
    return _page("verify", "title")


@router.get("/issuer")
def issuer_page() -> Response:
    """The page about one issuer."""
    return _page("issuer", "issuer.title")


@router.get("/batch")
def batch_page() -> Response:
    """The page about one batch, with its status timeline."""
    return _page("batch", "batch.title")


@router.get("/audit")
def audit_page() -> Response:
    """The page for auditors."""
    return _page("audit", "audit.title")


@router.get("/page/relay")
def relay(to: Annotated[str, Query(max_length=300)]) -> Response:
    """The frame that may speak to one origin, and be framed by this one only."""
    if not _ORIGIN.fullmatch(to):
        raise MalformedError("That is no origin.", todo="write https://host, or http://localhost:port")
    headers = {**_ALONE, "Content-Security-Policy": policy(connect=to, ancestors="'self'"), "Cache-Control": "no-store"}
    return Response(_read("relay.html"), media_type="text/html", headers=headers)


@router.get("/page/tables.json")
def tables(request: Request) -> Response:
    """Classes of Open Badges, digests of contexts, and the contracts on this registry's list."""
    return JSONResponse(page_tables(request.app.state.services.trusted), headers={"Cache-Control": REVALIDATE})


@router.get("/page/contexts/{name}")
def context(name: str) -> Response:
    """A pinned JSON-LD context by its digest; it never changes."""
    text = context_texts().get(name.removesuffix(".json"))
    if text is None:
        raise NotFound("There is no context with this digest.")
    return Response(text, media_type="application/ld+json", headers={"Cache-Control": FOREVER})


@router.get("/static/{path:path}")
async def static(request: Request, path: str) -> Response:
    """A file of the page."""
    found = _files().get(path)
    if found is None:
        raise NotFound("There is no such file.")
    data, kind, tag = found
    return cached(request, data, REVALIDATE, kind, _AS_NAMED, tag)
