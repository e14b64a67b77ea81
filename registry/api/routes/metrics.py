"""GET /metrics: the mirror as this process sees it, for Prometheus; the indexer has meters of its own."""

from typing import Any

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from registry.verification.evidence_json import COMPARED

router = APIRouter(tags=["health"])
_GAUGES = {
    "block": "Newest block in the mirror",
    "safe": "Newest safe block when it was taken",
    "final": "Newest final block when it was taken",
    "proven": "Highest block up to which the mirror is known to be complete",
    "age_seconds": "Age of the newest block",
    "halted": "1 while an operator has to decide",
    "compared": "1 while all that was read is compared with the contract; 0 in the middle of a catch-up",
    "by_proof": "1 where state proofs were compared, 0 where the node's word alone",
    "left_out": "Rows that could not be read since this process began",
    "indexing_stopped": "1 while the thread that follows the chain in this process is down",
}


@router.get(
    "/metrics",
    summary="Prometheus metrics of the mirror",
    response_class=Response,
    responses={200: {"description": "Prometheus' exposition format", "content": {"text/plain": {}}}},
)
def metrics(request: Request) -> Response:
    """Text in Prometheus' exposition format; an empty mirror has no numbers of its own."""
    services = request.app.state.services
    registry = CollectorRegistry()
    own = {"left_out": len(services.left_out.rows()), "indexing_stopped": bool(services.trouble())}
    for name, value in {**_values(services.queries.checkpoint(), services.clock()), **own}.items():
        Gauge(f"hallmark_registry_{name}", _GAUGES[name], registry=registry).set(value)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def _values(point: dict[str, Any] | None, now: float) -> dict[str, float]:
    if point is None:
        return {}
    block = point["block"]
    same = {name: point[name] for name in ("safe", "final", "proven")}
    standing = {
        "halted": bool(point["halted"]),
        "compared": point["proven"] >= block["number"] and point["evidence"] in COMPARED,
        "by_proof": point["evidence"] == "proof",
    }
    return {"block": block["number"], **same, "age_seconds": now - block["time"], **standing}
