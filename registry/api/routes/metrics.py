"""GET /metrics: the mirror as this process sees it, for Prometheus; the indexer has meters of its own."""

from typing import Any

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

router = APIRouter(tags=["health"])
_GAUGES = {
    "block": "Newest block in the mirror",
    "safe": "Newest safe block when it was taken",
    "final": "Newest final block when it was taken",
    "proven": "Highest block up to which the mirror is known to be complete",
    "age_seconds": "Age of the newest block",
    "halted": "1 while an operator has to decide",
}


@router.get(
    "/metrics",
    summary="Prometheus metrics of the mirror",
    response_class=Response,
    responses={200: {"description": "Prometheus' exposition format", "content": {"text/plain": {}}}},
)
def metrics(request: Request) -> Response:
    """Text in Prometheus' exposition format; an empty mirror has no numbers."""
    services = request.app.state.services
    registry = CollectorRegistry()
    for name, value in _values(services.queries.checkpoint(), services.clock()).items():
        Gauge(f"hallmark_registry_{name}", _GAUGES[name], registry=registry).set(value)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def _values(point: dict[str, Any] | None, now: float) -> dict[str, float]:
    if point is None:
        return {}
    block = point["block"]
    same = {name: point[name] for name in ("safe", "final", "proven")}
    return {"block": block["number"], **same, "age_seconds": now - block["time"], "halted": bool(point["halted"])}
