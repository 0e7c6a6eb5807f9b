"""Prometheus metrics of jobs, through Ray's metrics agent. docs/reference/logs-and-metrics.md lists them."""

from ray.util.metrics import Counter, Gauge, Histogram

from serve.jobs.records import QueueDepth

__all__ = ["JobMetrics"]

_SECONDS = [0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0]


class JobMetrics:
    """What one ingress replica does for jobs, and what all of them have before them."""

    def __init__(self) -> None:
        self._pages = Counter(
            "rayocr_job_pages_total",
            "Pages of jobs by what became of them: done, retried, lost, given_back, or the code of an error.",
            tag_keys=("outcome",),
        )
        self._seconds = Histogram(
            "rayocr_job_page_seconds",
            "Time that a page of a job was in work, waiting for replicas included.",
            boundaries=_SECONDS,
        )
        self._queued = Gauge("rayocr_job_pages_queued", "Pages of all jobs that wait. Every replica tells the same.")
        self._running = Gauge("rayocr_job_pages_running", "Pages of all jobs in work. Every replica tells the same.")
        self._oldest = Gauge(
            "rayocr_job_oldest_seconds",
            "Age of the oldest job that has pages ready to be read, 0 where none has. Every replica tells the same.",
        )
        self._webhooks = Counter(
            "rayocr_job_webhooks_total",
            "Attempts to deliver a webhook: delivered, retried or given_up.",
            tag_keys=("outcome",),
        )

    def page(self, outcome: str, in_work_s: float) -> None:
        """Count one page that is no longer in work.

        Args:
            outcome: What became of it.
            in_work_s: How long it was, in seconds.
        """
        self._pages.inc(tags={"outcome": outcome})
        self._seconds.observe(in_work_s)

    def queue(self, depth: QueueDepth, oldest_s: float) -> None:
        """Show how much there is to do, and how old the oldest job is that has pages ready to be read."""
        self._queued.set(depth.queued)
        self._running.set(depth.running)
        self._oldest.set(oldest_s)

    def webhook(self, outcome: str) -> None:
        """Count one attempt to deliver a webhook."""
        self._webhooks.inc(tags={"outcome": outcome})
