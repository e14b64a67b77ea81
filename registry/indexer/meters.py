"""What the indexer counts, for Prometheus: how far behind, what it wrote, what went wrong."""

from prometheus_client import CollectorRegistry, Counter, Gauge

from registry.indexer.follow import Progress


class Meters:
    """All meters of one indexer, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._lag = Gauge(
            "hallmark_lag_blocks", "Blocks between the mirror and the chain", ["tier"], registry=self.registry
        )
        self._block = Gauge("hallmark_mirror_block", "Newest block in the mirror", registry=self.registry)
        self._events = Counter("hallmark_events", "Events written", registry=self.registry)
        self._reorgs = Counter("hallmark_reorgs", "Reorganisations repaired", registry=self.registry)
        self._depth = Gauge("hallmark_reorg_depth_blocks", "Blocks rolled back by the last one", registry=self.registry)
        self._gaps = Counter("hallmark_gaps", "Times that events were missing or forged", registry=self.registry)
        self._halted = Gauge("hallmark_halted", "1 while an operator has to decide", registry=self.registry)
        self._set_aside = Gauge(
            "hallmark_endpoint_set_aside", "Times that an endpoint was set aside", ["url"], registry=self.registry
        )

    def step(self, progress: Progress) -> None:
        """Count one step."""
        self._halted.set(0)
        self._block.set(progress.block)
        for tier, number in (("latest", progress.latest), ("safe", progress.safe), ("final", progress.final)):
            self._lag.labels(tier).set(max(0, number - progress.block))
        self._events.inc(progress.events)
        if progress.rewound:
            self._reorgs.inc()
            self._depth.set(progress.rewound)

    def gap(self) -> None:
        """Count one finding of missing or forged events."""
        self._gaps.inc()

    def halt(self) -> None:
        """The mirror is halted."""
        self._halted.set(1)

    def endpoints(self, faults: dict[str, int]) -> None:
        """How often each endpoint was set aside so far."""
        for url, count in faults.items():
            self._set_aside.labels(url).set(count)
