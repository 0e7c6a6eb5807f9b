"""Webhooks to a real TLS server, verified by the library that receivers use."""

import asyncio
import base64
import ipaddress
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from models.errors import AccessDenied, StorageUnavailable
from serve.config.settings import Settings
from serve.jobs.metrics import JobMetrics
from serve.jobs.records import DeliveryState, NewJob, NewPage, Webhook
from serve.jobs.runtime import JobsRuntime
from serve.jobs.webhooks import courier as webhooks
from serve.jobs.webhooks.courier import WebhookCourier, next_attempt_at
from serve.jobs.webhooks.sending import WebhookSender
from tests.integration.jobs.receiver import SECRET, Receiver, running_receiver
from tests.waiting import until

OWNER = "accounting"
_DAY_S = 24 * 3600.0


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as running:
        yield running


@pytest.fixture
def jobs(tmp_path: Path) -> JobsRuntime:
    settings = {"directory": str(tmp_path), "lease_s": 1.0, "webhook_secret": SECRET, "webhook_timeout_s": 5.0}
    return JobsRuntime(Settings.model_validate({"jobs": settings}))


def ended_job(jobs: JobsRuntime, url: str, owner: str = OWNER) -> str:
    """A job of one page that was read."""
    job_id = uuid.uuid4().hex
    jobs.store.submissions.add(NewJob(job_id, owner, [NewPage("s3://a/b.png", "b.png")], {}, url, None, "0" * 64))
    [lease] = jobs.store.leases.take("worker", 1, 60)
    assert jobs.store.leases.complete(lease, b"{}").end is not None
    return job_id


async def delivered(jobs: JobsRuntime, receiver: Receiver, job_id: str, holds: Callable[[Webhook], bool]) -> Webhook:
    """Run a courier until the job's webhook is as it should be."""
    courier = WebhookCourier(jobs, receiver.sender(), JobMetrics())
    courier.start()
    try:
        async with asyncio.timeout(200):
            while (webhook := jobs.store.deliveries.of(job_id)) is None or not holds(webhook):  # noqa: ASYNC110 - the store tells nobody
                await asyncio.sleep(0.05)
    finally:
        await courier.stop()
    return webhook


async def test_end_of_a_job_is_told_once_and_signed(jobs: JobsRuntime, receiver: Receiver) -> None:
    job_id = ended_job(jobs, receiver.url)
    webhook = await delivered(jobs, receiver, job_id, lambda one: one.state is DeliveryState.DELIVERED)
    assert [(attempt.status, attempt.error) for attempt in webhook.attempts] == [(200, None)]
    [(headers, body)] = receiver.received
    message = Verifier(SECRET).verify(body, headers)
    assert (message["type"], message["data"]["id"], message["data"]["state"]) == ("job.succeeded", job_id, "succeeded")
    assert (message["data"]["total"], message["data"]["done"], message["data"]["failed"]) == (1, 1, 0)
    assert message["timestamp"] == message["data"]["ended"]
    assert headers["Content-Type"] == "application/json"
    with pytest.raises(WebhookVerificationError):
        Verifier(SECRET).verify(body.replace(b"succeeded", b"failed"), headers)


async def test_receiver_that_fails_is_tried_again_with_the_same_id(
    jobs: JobsRuntime, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "_FIRST_PAUSE_S", 0.05)
    receiver.statuses = [500, 302]
    job_id = ended_job(jobs, receiver.url)
    webhook = await delivered(jobs, receiver, job_id, lambda one: one.state is DeliveryState.DELIVERED)
    assert [attempt.status for attempt in webhook.attempts] == [500, 302, 200]  # a redirect is not followed
    assert len({headers["webhook-id"] for headers, _ in receiver.received}) == 1
    assert len({body for _, body in receiver.received}) == 1


async def test_receiver_that_is_gone_is_left_alone(jobs: JobsRuntime, receiver: Receiver) -> None:
    receiver.statuses = [410]
    job_id = ended_job(jobs, receiver.url)
    webhook = await delivered(jobs, receiver, job_id, lambda one: one.state is DeliveryState.GIVEN_UP)
    assert ([attempt.status for attempt in webhook.attempts], webhook.next_at) == ([410], None)


async def test_attempt_without_an_answer_is_in_the_log_and_followed_by_another(jobs: JobsRuntime) -> None:
    with running_receiver() as gone:
        pass  # nothing listens there any more
    job_id = ended_job(jobs, gone.url)
    webhook = await delivered(jobs, gone, job_id, lambda one: bool(one.attempts))
    [attempt] = webhook.attempts
    assert (attempt.status, webhook.state) == (None, DeliveryState.PENDING)
    assert "did not answer properly: ConnectionRefusedError" in (attempt.error or "")
    assert webhook.next_at is not None
    assert webhook.next_at.timestamp() - time.time() < 7


async def test_each_client_has_a_key_of_its_own(jobs: JobsRuntime, receiver: Receiver, tmp_path: Path) -> None:
    own = "whsec_" + base64.b64encode(b"another key of 32 bytes".ljust(32)).decode()
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / OWNER).write_text(own + "\n")
    values = jobs.settings.jobs.model_copy(update={"webhook_secrets_directory": str(tmp_path / "keys")})
    jobs.settings = jobs.settings.model_copy(update={"jobs": values})
    for owner, secret in ((OWNER, own), ("archive", SECRET)):
        job_id = ended_job(jobs, receiver.url, owner)
        await delivered(jobs, receiver, job_id, lambda one: one.state is DeliveryState.DELIVERED)
        headers, body = receiver.received[-1]
        assert Verifier(secret).verify(body, headers)["data"]["id"] == job_id
    (tmp_path / "keys" / OWNER).write_text("no key")
    webhook = await delivered(jobs, receiver, ended_job(jobs, receiver.url), lambda one: bool(one.attempts))
    assert "webhook_secrets_directory is not whsec_" in (webhook.attempts[0].error or "")
    assert len(receiver.received) == 2


async def test_dead_receivers_of_one_client_hold_up_nobody_else(jobs: JobsRuntime) -> None:
    dead, sent = threading.Event(), threading.Event()

    class Sender(WebhookSender):
        def send(self, url: str, message_id: str, body: bytes, secret: str) -> int:
            (dead.wait if "dead" in url else sent.set)()
            return 200

    for _ in range(20):
        ended_job(jobs, "https://dead.example.com/", "archive")
    ended_job(jobs, "https://example.com/")
    courier = WebhookCourier(jobs, Sender(5.0, jobs.settings.storage), JobMetrics())
    courier.start()
    try:
        await until(sent.is_set)
    finally:
        dead.set()
        await courier.stop()


def test_silent_receiver_is_given_up_in_time(receiver: Receiver) -> None:
    receiver.statuses = [0]
    started = time.monotonic()
    with pytest.raises(StorageUnavailable, match=r"receiver\.test did not answer within 0\.5 s"):
        receiver.sender(timeout_s=0.5).send(receiver.url, "msg_1", b"{}", SECRET)
    assert time.monotonic() - started < 60


def test_private_address_is_refused_and_not_told(receiver: Receiver) -> None:
    sender = receiver.sender(address=ipaddress.ip_address("10.0.0.7"))
    with pytest.raises(AccessDenied, match="no public address") as caught:
        sender.send(receiver.url, "msg_1", b"{}", SECRET)
    assert "10.0.0.7" not in caught.value.message
    assert receiver.received == []


def test_receiver_with_a_wrong_certificate_is_sent_nothing(receiver: Receiver) -> None:
    with running_receiver() as other:
        receiver.tls = other.tls
        with pytest.raises(StorageUnavailable, match="no valid certificate"):
            receiver.sender().send(receiver.url, "msg_1", b"{}", SECRET)
    assert receiver.received == []


def test_pauses_grow_and_end_with_the_time() -> None:
    def middle(low: float, high: float) -> float:
        return (low + high) / 2

    now, ended_at, made = 0.0, 0.0, []
    for attempts in range(1, 100):
        at = next_attempt_at(attempts, ended_at, now, _DAY_S, middle)
        if at is None:
            break
        made.append(at - now)
        now = at
    assert made[:6] == [5.0, 20.0, 80.0, 320.0, 1280.0, 5120.0]
    assert set(made[6:]) == {10_800.0}
    assert _DAY_S - 10_800 < now <= _DAY_S


def test_message_has_nothing_of_the_results() -> None:
    fields = json.loads(json.dumps(webhooks.JobEnded.model_json_schema()))["$defs"]["_EndedJob"]["properties"]
    assert sorted(fields) == ["created", "done", "ended", "expires", "failed", "id", "started", "state", "total"]
