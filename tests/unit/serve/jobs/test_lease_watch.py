"""Which workers count as lost, by the clock of the one who looks."""

import pytest

from serve.jobs.background.lease_watch import LeaseWatch

END = 1_000_000.0


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def watch(clock: Clock) -> LeaseWatch:
    return LeaseWatch(20.0, clock)


def look(watch: LeaseWatch, clock: Clock, after_s: float, **ends: float) -> set[str]:
    clock.now_s += after_s
    return set(watch.lost(ends))


def test_lease_that_stands_still_is_lost_after_its_length(watch: LeaseWatch, clock: Clock) -> None:
    found = [look(watch, clock, 5, dead=END, alive=END + number) for number in range(5)]
    assert found == [set(), set(), set(), set(), {"dead"}]


@pytest.mark.parametrize("step_s", [-86_400.0, 86_400.0])
def test_step_of_the_clock_loses_nobody_and_keeps_nobody(watch: LeaseWatch, clock: Clock, step_s: float) -> None:
    found = [look(watch, clock, 5, dead=END, alive=END + number + step_s * (number > 2)) for number in range(5)]
    assert found == [set(), set(), set(), set(), {"dead"}]


def test_outage_gives_everybody_a_whole_lease(watch: LeaseWatch, clock: Clock) -> None:
    assert look(watch, clock, 5, dead=END) == set()
    watch.begin_anew()  # a look has failed
    assert [look(watch, clock, 5, dead=END) for _ in range(5)] == [set(), set(), set(), set(), {"dead"}]


def test_own_standstill_gives_everybody_a_whole_lease(watch: LeaseWatch, clock: Clock) -> None:
    assert look(watch, clock, 5, dead=END) == set()
    assert look(watch, clock, 60, dead=END) == set()
    assert [look(watch, clock, 5, dead=END) for _ in range(4)] == [set(), set(), set(), {"dead"}]


def test_lease_that_ends_is_forgotten(watch: LeaseWatch, clock: Clock) -> None:
    look(watch, clock, 5, settled=END)
    assert look(watch, clock, 5) == set()
    assert look(watch, clock, 15, settled=END) == set()
