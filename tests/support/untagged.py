"""An endpoint that knows neither `safe` nor `finalized`."""

from typing import Any

from registry.chain.rpc import Call, Rpc
from registry.errors import RpcError


class WithoutTags(Rpc):
    """Refuses both tags, in a batch or alone."""

    def call(self, method: str, *params: Any) -> Any:
        if params and params[0] in ("safe", "finalized"):
            raise RpcError("unknown block tag")
        return super().call(method, *params)

    def batch(self, calls: "list[Call]") -> list[Any]:
        return [self.call(method, *params) for method, params in calls]
