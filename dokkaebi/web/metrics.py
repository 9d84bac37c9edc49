"""What Prometheus is told."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from starlette.types import Scope

from dokkaebi.web.books import Readiness


class Metrics:
    """Counters of one application."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "dokkaebi_requests",
            "Requests answered.",
            ("route", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "dokkaebi_request_seconds",
            "Time to answer.",
            ("route",),
            registry=self._registry,
        )
        names = {
            "ready": "1 if the books are up to date.",
            "ledger_block": "The ledger's last block.",
            "ledger_final_block": "The ledger's last final block.",
            "ledger_timestamp_seconds": "When the ledger's last block was made.",
            "node_block": "The node's last block.",
            "behind_blocks": "Blocks that the ledger doesn't have yet.",
            "behind_seconds": "Between the ledger's last block and the node's.",
        }
        self._gauges = {
            name: Gauge(f"dokkaebi_{name}", text, registry=self._registry)
            for name, text in names.items()
        }

    def count(self, scope: Scope, status: int, seconds: float) -> None:
        """One request. Routes go by their pattern, since addresses are without end."""
        route = getattr(scope.get("route"), "path", "none")
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def text(self, found: Readiness) -> tuple[bytes, str]:
        """Everything, and its media type. What isn't known is NaN."""
        cursor = found.cursor
        values = {
            "ready": int(found.reason is None),
            "ledger_block": None if cursor is None else cursor.block_number,
            "ledger_final_block": None if cursor is None else cursor.final_number,
            "ledger_timestamp_seconds": None if cursor is None else cursor.timestamp,
            "node_block": found.node_block,
            "behind_blocks": found.behind_blocks,
            "behind_seconds": found.behind_seconds,
        }
        for name, value in values.items():
            self._gauges[name].set(float("nan") if value is None else value)
        return generate_latest(self._registry), CONTENT_TYPE_LATEST
