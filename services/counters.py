"""What happened how often in this process, as ``/metrics`` tells it: numbers only, nobody's data."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

HELD_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0)
"""The steps in which it is told how long the event loop is held at a time. Above 0.25 is a fault of ours."""


class Counters:
    """Counters of one server, in a registry of its own: those of another in the same process are others."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)  # memory, CPU and descriptors, where the system tells them
        self._refusals = Counter(
            'churnboard_refusals', 'What was refused, by reason.', ['reason'], registry=self._registry
        )
        self._dropped = Counter(
            'churnboard_dropped', 'What was left out or closed, by reason.', ['reason'], registry=self._registry
        )
        self._gauges: dict[str, Gauge] = {}
        self._lag = Gauge(
            'churnboard_loop_lag_seconds',
            'How late the event loop came to what was due in the last half minute.',
            ['quantile'],
            registry=self._registry,
        )

        self._held = Histogram(
            'churnboard_loop_held_seconds',
            'How long the event loop was held by this process at a time, at most, in seconds that it worked.',
            registry=self._registry,
            buckets=HELD_SECONDS,
        )

    def held(self, seconds: float) -> None:
        """The event loop came to nothing else for so long, as :meth:`LoopLag.held` says."""
        self._held.observe(seconds)

    def refused(self, reason: str) -> None:
        """A request, a connection or an event was refused; ``reason`` is one of a few words of ours, never theirs."""
        self._refusals.labels(reason).inc()

    def dropped(self, reason: str) -> None:
        """An update was skipped, a frame ignored or a connection closed."""
        self._dropped.labels(reason).inc()

    def refusals(self, reason: str) -> int:
        return int(self._registry.get_sample_value('churnboard_refusals_total', {'reason': reason}) or 0)

    def drops(self, reason: str) -> int:
        return int(self._registry.get_sample_value('churnboard_dropped_total', {'reason': reason}) or 0)

    def show(self, name: str, meaning: str, value: float) -> None:
        """Set a figure that goes up and down, such as how many are connected."""
        if name not in self._gauges:
            self._gauges[name] = Gauge(f'churnboard_{name}', meaning, registry=self._registry)
        self._gauges[name].set(value)

    def show_lag(self, quantile: float, seconds: float) -> None:
        """Set how late the event loop was at most in that share of the cases."""
        self._lag.labels(f'{quantile:g}').set(seconds)

    def text(self) -> bytes:
        """All of them in Prometheus' text format."""
        return generate_latest(self._registry)
