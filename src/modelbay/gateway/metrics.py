"""Prometheus metrics of the gateway.

A call is only remembered when it ends; what it adds is worked out for many calls together, or when somebody
reads the metrics. That costs a third of counting each call by itself.
"""

from __future__ import annotations

import threading
from collections import Counter as Sums
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess

from modelbay.runtime.accounts import CallRecord

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
_MOST_LABELS = 2_000
_MOST_REMEMBERED = 64  # working them out stops every stream for less than half a millisecond
_OTHER = "other"

_Labels = tuple[str, str, str]


class Metrics:
    """Counts calls, tokens, money and time."""

    def __init__(self, *, shared: bool = False) -> None:
        """Create the metrics; `shared` if several worker processes add up theirs."""
        self._shared = shared
        self._registry = CollectorRegistry()
        named: dict[str, Any] = {"registry": self._registry}
        labels = ("surface", "provider", "model")
        self._calls = Counter("modelbay_calls", "Calls answered.", (*labels, "status"), **named)
        self._tokens = Counter("modelbay_tokens", "Tokens used.", (*labels, "kind"), **named)
        self._spent = Counter("modelbay_price", "Money spent.", (*labels, "currency"), **named)
        named["buckets"] = _SECONDS
        self._seconds = Histogram(
            "modelbay_call_seconds", "From a request's first byte to its answer's end.", labels, **named
        )
        self._first = Histogram("modelbay_first_token_seconds", "Until the first token.", labels, **named)
        del named["buckets"]
        mode: dict[str, Any] = {"multiprocess_mode": "livesum"} if shared else {}
        self._active = Gauge("modelbay_active_calls", "Calls under way.", **named, **mode)
        self._known: set[_Labels] = set()
        self._ended: list[tuple[CallRecord, bool]] = []
        self._lock = threading.Lock()

    def ended(self, record: CallRecord, *, declared: bool) -> None:
        """Count a call; the name of a model that no plugin `declared` may be made up, and is no label."""
        self._ended.append((record, declared))
        if len(self._ended) >= _MOST_REMEMBERED:
            self.count()

    def count(self) -> None:
        """Add what has been remembered."""
        with self._lock:
            ended, self._ended = self._ended, []
            sums: Sums[tuple[Any, ...]] = Sums()
            for record, declared in ended:
                self._add(record, self._labels(record, declared), sums)
            for (metric, *labels), amount in sums.items():
                metric.labels(*labels).inc(amount)

    def described(self) -> list[tuple[str, str]]:
        """Return the name of each metric and what it counts."""
        return [(metric.name, metric.documentation) for metric in self._registry.collect()]

    def page(self, active: int) -> bytes:
        """Return what Prometheus reads."""
        self.count()
        self._active.set(active)
        if not self._shared:
            return generate_latest(self._registry)
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)

    def _add(self, record: CallRecord, labels: _Labels, sums: Sums[tuple[Any, ...]]) -> None:
        sums[(self._calls, *labels, str(record.status))] += 1
        if record.prompt_tokens:
            sums[(self._tokens, *labels, "input")] += record.prompt_tokens
        if record.completion_tokens:
            sums[(self._tokens, *labels, "output")] += record.completion_tokens
        if record.price:
            sums[(self._spent, *labels, record.currency)] += float(record.price)  # type: ignore[assignment]
        self._seconds.labels(*labels).observe(record.latency)
        if record.first_token is not None:
            self._first.labels(*labels).observe(record.first_token)

    def _labels(self, record: CallRecord, declared: bool) -> _Labels:
        labels = (record.surface, record.provider, record.model if declared else _OTHER)
        if labels not in self._known:
            if len(self._known) >= _MOST_LABELS:
                return (record.surface, _OTHER, _OTHER)
            self._known.add(labels)
        return labels
