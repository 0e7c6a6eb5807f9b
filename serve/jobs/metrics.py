"""Prometheus metrics of jobs, through Ray's metrics agent. docs/reference/logs-and-metrics.md lists them."""

from ray.util.metrics import Counter, Gauge, Histogram

from serve.jobs.records import QueueDepth

__all__ = ["JobMetrics"]

_SECONDS = [0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0]


class JobMetrics:
    """Metrics of one ingress replica's work on jobs, and of the work that waits for all replicas."""

    def __init__(self) -> None:
        self._pages = Counter(
            "rayocr_job_pages_total",
            "Pages of jobs by their outcome: done, retried, lost, given_back, or the code of an error.",
            tag_keys=("outcome", "model"),
        )
        self._seconds = Histogram(
            "rayocr_job_page_seconds",
            "Time that a page of a job was in work, including its wait for replicas.",
            boundaries=_SECONDS,
            tag_keys=("model",),
        )
        self._queued = Gauge("rayocr_job_pages_queued", "Pages of all jobs that wait. Every replica reports the same.")
        self._running = Gauge("rayocr_job_pages_running", "Pages of all jobs in work. Every replica reports the same.")
        self._oldest = Gauge(
            "rayocr_job_oldest_seconds",
            "Age of the oldest job with pages ready to be read, 0 if there is none. Every replica reports the same.",
        )
        self._webhooks = Counter(
            "rayocr_job_webhooks_total",
            "Attempts to deliver a webhook: delivered, retried or given_up.",
            tag_keys=("outcome",),
        )

    def page(self, outcome: str, model: str, in_work_s: float) -> None:
        """Count one page that is no longer in work.

        Args:
            outcome: The page's outcome.
            model: Name of the bundle that reads it, or `none` for one that is not served any more.
            in_work_s: Seconds that the page was in work.
        """
        self._pages.inc(tags={"outcome": outcome, "model": model})
        self._seconds.observe(in_work_s, tags={"model": model})

    def queue(self, depth: QueueDepth, oldest_s: float) -> None:
        """Show how many pages there are to do, and the age of the oldest job with pages ready to be read."""
        self._queued.set(depth.queued)
        self._running.set(depth.running)
        self._oldest.set(oldest_s)

    def webhook(self, outcome: str) -> None:
        """Count one attempt to deliver a webhook."""
        self._webhooks.inc(tags={"outcome": outcome})
