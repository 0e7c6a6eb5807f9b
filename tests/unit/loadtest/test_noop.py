"""The cases of the no-op application and what a hop costs."""

import pytest

from loadtest.noop.cases import Case, Measurement, cases, cpu_ms_per_request, hop_ms
from loadtest.profile.roles import RoleUse


def measured(case: Case, cpu_ms: float, proxy: str = "python") -> Measurement:
    return Measurement(proxy, case, 10, {"ingress": cpu_ms}, 0, 1)


def test_values_are_cases_of_their_own() -> None:
    paths = [case.path for case in cases([10, 20], is_by_value=True)]
    assert paths[:2] == ["/0/1/reference", "/1/1/reference"]
    assert len(paths) == len(set(paths)) == 2 + 2 * 2 * 2


def test_hop_costs_the_difference_to_the_same_page_with_one_hop_less() -> None:
    of_case = {case: measured(case, 1 + 10 * case.depth + case.page_bytes) for case in cases([10, 20], False)}
    all_of_them = [*of_case.values(), measured(Case(2, 20, "reference"), 500, "haproxy")]
    costs = {(case.depth, case.page_bytes): hop_ms(one, all_of_them) for case, one in of_case.items()}
    assert costs == {(0, 1): 2, (1, 1): 10, (2, 10): 19, (3, 10): 10, (2, 20): 29, (3, 20): 10}


def test_idle_use_is_taken_off_for_the_length_of_the_run() -> None:
    used = {"ingress": RoleUse(3.0, 3.0, 1), "gcs": RoleUse(0.1, 0.1, 1), "proxy": RoleUse(1.0, 1.0, 1)}
    idle = {"ingress": RoleUse(0.5, 0.5, 1), "gcs": RoleUse(0.1, 0.1, 1)}
    own = cpu_ms_per_request(used, wall_s=20, idle=idle, idle_wall_s=10, requests=100)
    assert own == pytest.approx({"ingress": 20.0, "proxy": 10.0, "gcs": 0.0})
    assert list(own) == ["ingress", "proxy", "gcs"]
