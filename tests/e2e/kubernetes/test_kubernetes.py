"""Install, read, scale, break, upgrade and remove the chart, in this order."""

import os
import time
from collections.abc import Callable, Mapping, Sequence

import pytest

from loadtest.data.pictures import Picture
from tests.e2e.kubernetes.client_pod import ClientPod
from tests.e2e.kubernetes.release import READERS, WORKERS, Pod, Release
from tests.e2e.kubernetes.table import Measured
from tests.e2e.kubernetes.tools import wait_until

pytestmark = pytest.mark.timeout(1500)

# So few that a release at rest stays as it is, and so many that each ingress and reader has requests.
_CLIENTS = 2
# So many that the reader wants a third replica, and that one a third worker.
_CROWD = 10
_NEXT_TAG = os.environ.get("RAYOCR_E2E_NEXT_TAG")

Fault = Callable[[Release, Pod], None]


def test_helm_test_passes(release: Release) -> None:
    printed = release.test()
    assert "Phase:          Succeeded" in printed
    assert "POD LOGS: rayocr-test-read" in printed


def test_dashboard_is_reached_through_the_service_of_the_head(release: Release) -> None:
    assert release.head_addresses()


def test_memory_of_idle_pods_is_measured(release: Release, measured: Measured) -> None:
    measured.memory_bytes = release.memory_bytes()
    assert all(held < 2_000_000_000 for held in measured.memory_bytes.values()), measured.memory_bytes


def test_pictures_are_read_as_on_this_machine(
    release: Release, client: ClientPod, pictures: Sequence[Picture], texts: Mapping[str, str]
) -> None:
    with client.load(release.url, _CLIENTS) as load:
        load.wait_for_answers(len(pictures), timeout_s=300)
    differing = {answer.picture for answer in load.answers if answer.text != texts[answer.picture]}
    assert not differing
    assert {answer.picture for answer in load.answers} == texts.keys()
    assert all(texts.values())


def test_workers_come_with_load_and_go_without(release: Release, client: ClientPod, measured: Measured) -> None:
    release.wait_whole()
    with client.load(release.url, _CROWD) as load:
        up_s = wait_until("a third worker with a reader", lambda: _grown(release), timeout_s=300, pause_s=3)
        load.wait_for_answers(10)
    assert not [answer.failure for answer in load.answers if answer.failure is not None]
    measured.seconds[f"{WORKERS} to {WORKERS + 1} workers, from the load to a reader at work"] = up_s
    down_s = wait_until("two workers again", lambda: len(release.workers()) == WORKERS, timeout_s=300, pause_s=3)
    measured.seconds[f"{WORKERS + 1} to {WORKERS} workers, from the end of the load"] = down_s
    release.wait_whole()
    assert release.shape().readers == READERS


def _grown(release: Release) -> bool:
    shape = release.shape()
    return shape.workers == WORKERS + 1 and shape.readers == READERS + 1


@pytest.mark.parametrize(
    ("fault", "member", "break_it"),
    [
        ("worker deleted", "worker", lambda release, pod: release.delete(pod)),
        ("worker's raylet killed", "worker", lambda release, pod: release.kill(pod, "raylet")),
        ("worker deleted by force", "worker", lambda release, pod: release.delete_by_force(pod)),
        ("head's GCS killed", "head", lambda release, pod: release.kill(pod, "gcs_server")),
        ("head deleted by force", "head", lambda release, pod: release.delete_by_force(pod)),
        # The head's GCS ends with its connection to Redis.
        ("bundled Redis deleted by force", "head", lambda release, _: release.delete_by_force(release.redis())),
    ],
)
def test_nothing_is_lost_and_nothing_wrong(
    release: Release,
    client: ClientPod,
    texts: Mapping[str, str],
    measured: Measured,
    fault: str,
    member: str,
    break_it: Fault,
) -> None:
    release.wait_whole()
    pods = release.workers if member == "worker" else release.heads
    with client.load(release.url, _CLIENTS) as load:
        load.wait_for_answers(2 * _CLIENTS)
        victim = max(pods(), key=release.ingresses)  # the worst: all requests may go through it
        started = time.monotonic()
        break_it(release, victim)
        wait_until(
            "its end seen by Kubernetes",
            lambda: victim.incarnation not in {pod.incarnation for pod in pods()},
            timeout_s=120,
        )
        release.wait_whole()
        whole_s = time.monotonic() - started
        load.wait_for_answers(5 * _CLIENTS)
    outcome = load.outcome(texts)
    measured.outcomes[fault] = (outcome, whole_s)
    assert (outcome.lost, outcome.wrong) == (0, 0), outcome
    if fault == "worker deleted":  # it is drained: nothing that a client has to send again
        assert not outcome.failures


def test_no_request_fails_when_settings_change(
    release: Release, client: ClientPod, texts: Mapping[str, str], measured: Measured
) -> None:
    release.wait_whole()
    clusters = release.ray_clusters()
    with client.load(release.url, _CLIENTS) as load:
        load.wait_for_answers(2 * _CLIENTS)
        started = time.monotonic()
        release.set_value("settings.http.max_concurrent_requests=32")
        time.sleep(5)  # until KubeRay and Serve have begun
        wait_until("replicas with the new settings", release.is_settled, timeout_s=300, pause_s=2)
        release.wait_whole()
        whole_s = time.monotonic() - started
        load.wait_for_answers(5 * _CLIENTS)
    assert release.ray_clusters() == clusters  # in place
    outcome = load.outcome(texts)
    measured.outcomes["settings changed in place"] = (outcome, whole_s)
    assert not outcome.failures
    assert outcome.wrong == 0


def test_failed_change_is_told_and_taken_back(release: Release) -> None:
    release.wait_whole()
    release.set_value("settings.bundle=nope")
    assert "the newest settings are not in effect: Serve says DEPLOY_FAILED" in release.complaint()
    release.roll_back()
    assert "Phase:          Succeeded" in release.test()


def test_evictions_leave_a_worker(release: Release) -> None:
    release.wait_whole()
    wait_until("a budget that follows the workers", lambda: release.budget() == WORKERS - 1, timeout_s=60)
    assert [release.evict(pod) for pod in release.workers()] == [True, False]
    release.wait_whole()


@pytest.mark.skipif(_NEXT_TAG is None, reason="set RAYOCR_E2E_NEXT_TAG to another tag of the image")
@pytest.mark.parametrize("change", ["upgrade", "rollback"])
def test_no_request_fails_when_the_image_changes(
    release: Release, client: ClientPod, texts: Mapping[str, str], measured: Measured, change: str
) -> None:
    assert _NEXT_TAG is not None
    release.wait_whole()
    before, images = release.ray_clusters(), {pod.image for pod in release.workers()}
    with client.load(release.url, _CLIENTS) as load:
        load.wait_for_answers(2 * _CLIENTS)
        started = time.monotonic()
        if change == "upgrade":
            release.set_value(f"image.tag={_NEXT_TAG}")
        else:
            release.roll_back()
        wait_until(
            "the old Ray cluster gone, another there",
            lambda: len(after := release.ray_clusters()) == 1 and not after & before,
            timeout_s=600,
            pause_s=3,
        )
        release.wait_whole()
        whole_s = time.monotonic() - started
        load.wait_for_answers(5 * _CLIENTS)
    outcome = load.outcome(texts)
    measured.outcomes[f"{change} of the image"] = (outcome, whole_s)
    assert not outcome.failures
    assert outcome.wrong == 0
    assert all(pod.image.endswith(f":{_NEXT_TAG}") == (change == "upgrade") for pod in release.workers())
    assert not images & {pod.image for pod in release.workers()}


def test_uninstall_leaves_nothing_behind(
    release: Release, client: ClientPod, objects_before: set[str], measured: Measured
) -> None:
    started = time.monotonic()
    release.uninstall()
    left = objects_before | {"Pod/rayocr-e2e-client"}
    wait_until("nothing left of the release", lambda: release.objects() <= left, timeout_s=240, pause_s=2)
    measured.seconds["helm uninstall to nothing left"] = time.monotonic() - started
