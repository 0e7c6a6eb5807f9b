"""The service and its peers in turns on the same pictures: absolute speeds drift, ratios within one round hold.

How one of them is measured is in `loadtest.measuring` and `loadtest.peers`; plots are in `loadtest.plotting`.
"""

from loadtest.bench.comparison import KIND, Comparison, Turn, read_comparison
from loadtest.bench.figures import OneClientFigures, SystemFigures, one_client_figures, system_figures
from loadtest.bench.run import BenchPlan, PeerCommand, run_bench
from loadtest.bench.table import markdown, pictures_of

__all__ = [
    "KIND",
    "BenchPlan",
    "Comparison",
    "OneClientFigures",
    "PeerCommand",
    "SystemFigures",
    "Turn",
    "markdown",
    "one_client_figures",
    "pictures_of",
    "read_comparison",
    "run_bench",
    "system_figures",
]
