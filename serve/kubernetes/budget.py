"""Keeps disruption budgets of workers in proportion to the workers that run.

    python -m serve.kubernetes.budget 0.25 ocr/rayocr-cpu ocr/rayocr-gpu

A budget with a percentage needs a controller with the scale subresource, which a RayCluster of KubeRay 1.6 is not, so
that Kubernetes would allow no eviction at all (docs/decisions/0046).
"""

import argparse
import logging
import math
import time

from models.errors import RayocrError
from serve.kubernetes.api import fetch, patch

__all__ = ["keep_budget", "workers_that_stay"]

logger = logging.getLogger(__name__)

_PERIOD_S = 10.0


def workers_that_stay(running: int, share: float) -> int:
    """How many workers evictions must leave, so that at most a share of them goes at once, and at least one may go.

    Args:
        running: Workers that there are.
        share: The share that may go, from 0 to 1.
    """
    return max(0, running - max(1, math.floor(running * share)))


def keep_budget(name: str, share: float) -> None:
    """Set the number of a PodDisruptionBudget by the pods that Kubernetes counts for it.

    Args:
        name: Its namespace and name, such as `ocr/rayocr-cpu`.
        share: The share of the pods that may be evicted at once.

    Raises:
        RayocrError: Kubernetes does not answer, or refuses.
    """
    namespace, _, name = name.rpartition("/")
    path = f"/apis/policy/v1/namespaces/{namespace}/poddisruptionbudgets/{name}"
    budget = fetch(path)
    stay = workers_that_stay(budget.get("status", {}).get("expectedPods", 0), share)
    if budget["spec"]["minAvailable"] != stay:
        patch(path, {"spec": {"minAvailable": stay}})
        logger.info("of %s, %d workers stay", name, stay)


def main() -> None:
    """Keep the budgets that the arguments name, until the process is ended."""
    parser = argparse.ArgumentParser(description="Keep disruption budgets in proportion to the workers that run.")
    parser.add_argument("share", type=float)
    parser.add_argument("budgets", nargs="+", metavar="NAMESPACE/NAME")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    while True:
        for name in arguments.budgets:
            try:
                keep_budget(name, arguments.share)
            except RayocrError as exc:
                logger.warning("%s keeps its number: %s", name, exc)
        time.sleep(_PERIOD_S)


if __name__ == "__main__":
    main()
