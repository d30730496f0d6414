"""Figures of the server for Prometheus."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nextword.serving.engine import Engine, StepFigures

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class ServerMetrics:
    """Counters and gauges of one application; nothing is global.

    Attributes:
        registry: The registry that `/metrics` shows.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "nextword_http_requests",
            "HTTP requests by route and status.",
            ["route", "status"],
            registry=self.registry,
        )
        self._tokens = Counter(
            "nextword_generated_tokens", "Sampled tokens.", ["model"], registry=self.registry
        )
        self._prompts = Counter(
            "nextword_prompts_read", "Prompts that were read.", ["model"], registry=self.registry
        )
        self._steps = Histogram(
            "nextword_step_seconds",
            "Time of a step of the engine.",
            ["model"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._pending = self._gauge("nextword_pending_samples", "Samples that wait or run.")
        self._running = self._gauge("nextword_running_samples", "Samples in the batch.")
        self._sessions = Gauge(
            "nextword_sessions", "Sessions that are kept.", registry=self.registry
        )

    def on_step(self, name: str) -> Callable[[StepFigures], None]:
        """Return what is called with the figures of each step of a model's engine."""
        tokens, prompts = self._tokens.labels(name), self._prompts.labels(name)
        steps = self._steps.labels(name)

        def note(figures: StepFigures) -> None:
            tokens.inc(figures.num_sampled)
            prompts.inc(figures.num_read)
            steps.observe(figures.seconds)

        return note

    def watch_engine(self, name: str, engine: Engine) -> None:
        """Show how many samples of a model wait and run."""
        self._pending.labels(name).set_function(lambda: engine.num_pending)
        self._running.labels(name).set_function(lambda: engine.num_running)

    def watch_sessions(self, count: Callable[[], int]) -> None:
        """Show the number of sessions that a function returns."""
        self._sessions.set_function(count)

    def count_request(self, route: str, status: int) -> None:
        """Count an HTTP request."""
        self._requests.labels(route, str(status)).inc()

    def render(self) -> bytes:
        """Return all figures in the text format of Prometheus."""
        return generate_latest(self.registry)

    def _gauge(self, name: str, description: str) -> Gauge:
        return Gauge(name, description, ["model"], registry=self.registry)


class CountRequests:
    """Counts every response by its route and status.

    Args:
        app: The application.
        metrics: Where they are counted.
    """

    def __init__(self, app: ASGIApp, *, metrics: ServerMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def counting(message: Message) -> None:
            if message["type"] == "http.response.start":
                # Only known routes have a label of their own; there are arbitrarily many paths.
                route = getattr(scope.get("route"), "path", "other")
                self._metrics.count_request(route, message["status"])
            await send(message)

        await self._app(scope, receive, counting)
