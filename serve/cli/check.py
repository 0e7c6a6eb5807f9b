"""The command `rayocr check`."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.errors import ConfigurationError, DeadlineExceeded, ModelOutputError, Overloaded, RayocrError
from serve.cli.service_client import connect, translated_errors
from serve.kubernetes.rayservice import fetch_rayservice, state_of

if TYPE_CHECKING:
    import rayocr

__all__ = ["check"]

_WORDS = "rayocr 2719"
_PAUSE_S = 1.0
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
    with connect(url, api_key_file, retries=0) as client:
        seconds = _read_in_time(client, url, timeout, None if rayservice is None else _Change(rayservice))
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


def _read_in_time(client: "rayocr.Client", url: str, timeout_s: float, change: _Change | None) -> float:
    """Read until it succeeds once, and return the seconds that this took. Errors that may pass are tried again."""
    give_up = time.monotonic() + timeout_s
    while True:
        try:
            if change is not None:
                change.require_in_effect()
            _require_ready(client)
            with translated_errors():
                return _read(client)
        except RayocrError as exc:
            if not exc.retryable:
                raise
            if time.monotonic() + _PAUSE_S > give_up:
                raise DeadlineExceeded(f"{url} does not read after {timeout_s:g} s: {exc}") from exc
        time.sleep(_PAUSE_S)


def _require_ready(client: "rayocr.Client") -> None:
    """Return if the service is ready.

    Raises:
        Overloaded: It is not. While it starts, proxies before it answer errors of any kind.
    """
    import rayocr

    try:
        client.ready()
    except rayocr.RayocrError as exc:
        raise Overloaded(str(exc)) from exc


def _read(client: "rayocr.Client") -> float:
    from serve.health.word_picture import word_picture

    picture = word_picture(_WORDS)
    started = time.perf_counter()
    text = client.read(picture).text
    seconds = time.perf_counter() - started
    if "".join(text.split()).casefold() != "".join(_WORDS.split()):
        raise ModelOutputError(f"a picture of {_WORDS!r} was read as {text!r}: run rayocr models verify there")
    return seconds
