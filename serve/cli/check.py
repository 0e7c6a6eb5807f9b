"""The command `rayocr check`."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.errors import ConfigurationError, DeadlineExceeded, ModelOutputError, Overloaded, RayocrError
from serve.cli.service_client import connect, error_of
from serve.kubernetes.rayservice import fetch_rayservice, state_of

if TYPE_CHECKING:
    import httpx

__all__ = ["check"]

_WORDS = "rayocr 2719"
_PAUSE_S = 1.0
# A probe reads a picture for up to 10 s, and asks for buckets for up to 5.
_PROBE_TIMEOUT_S = 20.0
_READ_TIMEOUT_S = 60.0
# For so long after a change, KubeRay may still tell how the one before it failed.
_FAILED_FOR_S = 20.0


def check(
    url: Annotated[str, typer.Argument(metavar="URL", help="Address of the service, such as http://127.0.0.1:8000.")],
    api_key_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A file with the API key, if the service asks for one.")
    ] = None,
    rayservice: Annotated[
        str | None,
        typer.Option(
            metavar="NAMESPACE/NAME",
            help="In a pod of Kubernetes: also ask whether this RayService runs with its newest settings.",
        ),
    ] = None,
    timeout: Annotated[float, typer.Option(metavar="S", min=0, help="How long to wait for the service.")] = 60.0,
) -> None:
    """Make a running service read a picture of known words, and say what is wrong if that fails."""
    with connect(url, api_key_file) as client:
        seconds = _read_in_time(client, timeout, None if rayservice is None else _Change(rayservice))
    typer.echo(f"ok: read {_WORDS!r} in {seconds:.2f} s")


class _Change:
    """The last change of a RayService: whether it is in effect.

    Args:
        name: Namespace and name of the RayService.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._failed_since_s: float | None = None

    def require_in_effect(self) -> None:
        """Return if the change is in effect.

        Raises:
            Overloaded: It is not yet.
            ConfigurationError: It has failed for good, or Kubernetes can't be asked.
        """
        state = state_of(fetch_rayservice(self._name))
        if not state.has_failed:
            self._failed_since_s = None
        elif self._failed_since_s is None:
            self._failed_since_s = time.monotonic()
        elif time.monotonic() - self._failed_since_s > _FAILED_FOR_S:
            raise ConfigurationError(f"{state.problem}; correct the values, or helm rollback")
        if state.problem is not None:
            raise Overloaded(state.problem)


def _read_in_time(client: "httpx.Client", timeout_s: float, change: _Change | None) -> float:
    """Read until it succeeds once, and return the seconds that this took. Errors that may pass are tried again."""
    give_up = time.monotonic() + timeout_s
    while True:
        try:
            if change is not None:
                change.require_in_effect()
            _require_ready(client)
            return _read(client)
        except RayocrError as exc:
            if not exc.retryable:
                raise
            if time.monotonic() + _PAUSE_S > give_up:
                raise DeadlineExceeded(f"{client.base_url} does not read after {timeout_s:g} s: {exc}") from exc
        time.sleep(_PAUSE_S)


def _require_ready(client: "httpx.Client") -> None:
    import httpx

    try:
        answer = client.get("/readyz", timeout=_PROBE_TIMEOUT_S)
    except httpx.TransportError as exc:
        raise Overloaded(f"no answer: {exc or type(exc).__name__}") from exc
    if not answer.is_success:
        raise Overloaded(error_of(answer).message)


def _read(client: "httpx.Client") -> float:
    import httpx

    from serve.health.word_picture import word_picture

    picture = word_picture(_WORDS)
    started = time.perf_counter()
    try:
        answer = client.post("/v1/ocr", files={"file": ("words.png", picture)}, timeout=_READ_TIMEOUT_S)
    except httpx.TransportError as exc:
        raise Overloaded(f"no answer to a picture: {exc or type(exc).__name__}") from exc
    seconds = time.perf_counter() - started
    if not answer.is_success:
        raise error_of(answer)
    try:
        text = answer.json()["text"]
    except (ValueError, KeyError, TypeError) as exc:
        raise RayocrError(f"{client.base_url} is not a rayocr service: it answered {answer.text[:80]!r}") from exc
    if "".join(text.split()).casefold() != "".join(_WORDS.split()):
        raise ModelOutputError(f"a picture of {_WORDS!r} was read as {text!r}: run rayocr models verify there")
    return seconds
