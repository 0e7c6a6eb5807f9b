"""A long run over pictures of many sizes: does the service's memory grow?

Speed and accuracy are in `loadtest.bench`; plots are in `loadtest.plotting`.
"""

from loadtest.soak.growth import Growth, Windows, growth_by_role, total_growth
from loadtest.soak.memory import MemorySample
from loadtest.soak.record import KIND, SoakRecord, read_record
from loadtest.soak.run import SoakPlan, run_soak

__all__ = [
    "KIND",
    "Growth",
    "MemorySample",
    "SoakPlan",
    "SoakRecord",
    "Windows",
    "growth_by_role",
    "read_record",
    "run_soak",
    "total_growth",
]
