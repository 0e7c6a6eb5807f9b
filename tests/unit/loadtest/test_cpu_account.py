"""CPU time over samples in which processes begin and end."""

import pytest

from loadtest.measuring.cpu_account import CpuAccount, CpuTimes, ProcessIdentity

PARENT = ProcessIdentity(1, 0.0)
CHILD = ProcessIdentity(2, 0.0)
SAME_NUMBER = ProcessIdentity(2, 9.0)

Sample = dict[ProcessIdentity, CpuTimes]


def sample(parent: tuple[float, float], child: float | None = None, identity: ProcessIdentity = CHILD) -> Sample:
    times = {PARENT: CpuTimes(*parent)}
    return times if child is None else {**times, identity: CpuTimes(child, 0)}


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        pytest.param([sample((50, 9))], 0, id="the-past-does-not-count"),
        pytest.param([sample((50, 9), 70), sample((51, 9), 73)], 4, id="both-used-some"),
        pytest.param([sample((0, 0)), sample((0, 0), 3)], 3, id="new-one-counts-from-zero"),
        pytest.param([sample((0, 0), 70), sample((0, 0), 73), sample((0, 0))], 3, id="ended-unwaited-keeps-its-last"),
        pytest.param([sample((0, 0), 70), sample((0, 0), 73), sample((0, 75))], 5, id="ended-waited-adds-its-rest"),
        pytest.param([sample((0, 0)), sample((0, 2))], 2, id="lived-between-samples"),
        pytest.param([sample((0, 0), 70), sample((0, 0)), sample((0, 71))], 1, id="inherited-one-sample-later"),
        pytest.param(
            [sample((0, 0), 70), sample((0, 0)), sample((0, 0)), sample((0, 4))], 4, id="unwaited-hides-no-later-child"
        ),
        pytest.param(
            [sample((0, 0), 70), sample((0, 70), 2, SAME_NUMBER)], 2, id="number-used-again-is-another-process"
        ),
    ],
)
def test_used_cpu(samples: list[Sample], expected: float) -> None:
    account = CpuAccount()
    for times in samples:
        account.add(times)
    assert account.used_s == pytest.approx(expected)
