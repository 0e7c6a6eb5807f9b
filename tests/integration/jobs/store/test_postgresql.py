"""The cases of tests/jobs on PostgreSQL."""

from tests.jobs.endings import TestDeliveries, TestEndings, TestExpiry
from tests.jobs.fairness import TestFairness
from tests.jobs.leases import TestLeases
from tests.jobs.races import TestRaces
from tests.jobs.submissions import TestQuotas, TestSubmissions
from tests.jobs.usage import TestUsage
from tests.jobs.views import TestViews

__all__ = [
    "TestDeliveries",
    "TestEndings",
    "TestExpiry",
    "TestFairness",
    "TestLeases",
    "TestQuotas",
    "TestRaces",
    "TestSubmissions",
    "TestUsage",
    "TestViews",
]
