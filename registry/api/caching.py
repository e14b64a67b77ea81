"""ETag and Cache-Control: final answers may be kept, what may still change is asked for again (RFC 9111)."""

from collections.abc import Mapping
from hashlib import blake2b

import orjson
from fastapi import Request, Response

REVALIDATE = "no-cache"
"""Keep it, but ask each time: what the newest block says may change with the next one."""
FOREVER = "public, max-age=31536000, immutable"
"""Below a final block nothing changes any more."""
A_DAY = "public, max-age=86400"
"""Named by its hash, so it never changes; but the operator can take it down."""
JSON = "application/json"


def tag_of(body: bytes) -> str:
    """The strong ETag of these very bytes."""
    return f'"{blake2b(body, digest_size=12).hexdigest()}"'


def cached(
    request: Request,
    body: bytes,
    keep: str,
    media_type: str = JSON,
    headers: Mapping[str, str] | None = None,
    tag: str = "",
) -> Response:
    """The body with its ETag and Cache-Control, or 304 where the client holds it already (RFC 9110, section 13.1.2).

    `tag` is the body's ETag where it is known already.
    """
    tag = tag or tag_of(body)
    named = {"ETag": tag, "Cache-Control": keep, **(headers or {})}
    wanted = request.headers.get("if-none-match")
    if wanted is not None and (wanted.strip() == "*" or tag in _tags(wanted)):
        return Response(status_code=304, headers=named)
    return Response(body, headers=named, media_type=media_type)


def cached_json(request: Request, value: object, keep: str) -> Response:
    """The same for a JSON value; integers beyond 64 bits are texts in all of our answers."""
    return cached(request, orjson.dumps(value), keep)


def _tags(header: str) -> set[str]:
    return {part.strip().removeprefix("W/") for part in header.split(",")}
