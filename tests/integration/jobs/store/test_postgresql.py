"""The cases of tests/jobs on PostgreSQL."""

from tests.jobs.endings import DeliveryCases, EndingCases, ExpiryCases
from tests.jobs.fairness import FairnessCases
from tests.jobs.leases import LeaseCases
from tests.jobs.races import RaceCases
from tests.jobs.submissions import QuotaCases, SubmissionCases
from tests.jobs.views import ViewCases


class TestSubmissions(SubmissionCases):
    pass


class TestQuotas(QuotaCases):
    pass


class TestLeases(LeaseCases):
    pass


class TestFairness(FairnessCases):
    pass


class TestViews(ViewCases):
    pass


class TestEndings(EndingCases):
    pass


class TestExpiry(ExpiryCases):
    pass


class TestDeliveries(DeliveryCases):
    pass


class TestRaces(RaceCases):
    pass
