"""Holds the output of a run, so that no second run writes to it at the same time."""

import os
import socket
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from deployments.storage import Storage
from models.errors import Conflict, RayocrError, SourceNotFound
from serve.bulk.locations import STATE_FOLDER, read_small

__all__ = ["OutputLease", "held_output"]

_NAME = f"{STATE_FOLDER}lease.json"
_BEAT_S = 5.0
# A run that is alive gives some beats in that time, even on a busy machine.
_SILENT_AFTER_S = 30.0
_POLL_S = 1.0
# Clocks of two machines differ by less. An older lease needs no waiting.
_LONG_AGO = timedelta(minutes=10)


class _Holder(BaseModel):
    """The content of the lease: who holds the output."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    run: str
    host: str
    pid: int
    process: str | None
    since: datetime
    beat: datetime


# The runs of this process that have not ended.
_runs_here: set[str] = set()


class OutputLease:
    """The lease of one run.

    Args:
        output: The output folder, from `folder_of`.
        storage: Storage of the output.
    """

    def __init__(self, output: str, storage: Storage) -> None:
        self._output = output
        self._location = output + _NAME
        self._storage = storage
        self._ended = threading.Event()
        now = datetime.now(UTC)
        pid = os.getpid()
        self._own = _Holder(
            run=uuid.uuid4().hex, host=socket.gethostname(), pid=pid, process=_process(pid), since=now, beat=now
        )
        #: Why this run must stop: another one has taken the output over. None while it has not.
        self.lost: str | None = None

    def take(self, *, take_over: bool, sleep: Callable[[float], None] = time.sleep) -> None:
        """Take the output, unless a run that is alive holds it.

        Args:
            take_over: Whether to take it from such a run, too. That run stops at its next beat.
            sleep: Waits that many seconds.

        Raises:
            Conflict: Another run holds the output.
            RayocrError: The output can't be read or written.
        """
        holder = self._holder()
        if holder is not None and not take_over and self._is_alive(holder, sleep):
            raise Conflict(
                f"another bulk run writes to {self._output}: process {holder.pid} on {holder.host}, since "
                f"{holder.since:%Y-%m-%d %H:%M} UTC. Wait for its end or stop it; with --take-over this run stops it"
            )
        self._beat()
        _runs_here.add(self._own.run)

    def keep(self) -> None:
        """Give a sign of life now and then, until `end`, or until another run has taken the output over."""
        while not self._ended.wait(_BEAT_S):
            # Whether the storage is away for too long, or refuses the run, stages and writer find out.
            with suppress(RayocrError):
                self._check()
                if self.lost is not None:
                    return
                self._beat()

    def end(self) -> None:
        """Let `keep` return, when the sign that it may be giving is written."""
        self._ended.set()

    def release(self) -> None:
        """Give the output back, if it is still this run's. `keep` must have returned: it would write the lease anew."""
        _runs_here.discard(self._own.run)
        with suppress(RayocrError):  # the next run notices that this one is silent
            self._check()
            if self.lost is None:
                self._storage.delete(self._location)

    def _check(self) -> None:
        holder = self._holder()
        if holder is not None and holder.run != self._own.run:
            self.lost = (
                f"the run of process {holder.pid} on {holder.host} has taken over {self._output}: this one stops"
            )

    def _beat(self) -> None:
        own = self._own.model_copy(update={"beat": datetime.now(UTC)})
        self._storage.write(self._location, own.model_dump_json().encode() + b"\n")

    def _holder(self) -> _Holder | None:
        try:
            return _Holder.model_validate_json(read_small(self._storage, self._location))
        except SourceNotFound:
            return None
        except ValidationError as error:
            raise Conflict(f"{self._location} was not written by a bulk run: move it away") from error

    def _is_alive(self, holder: _Holder, sleep: Callable[[float], None]) -> bool:
        """Whether a run still goes on. On this machine that is known; elsewhere it gives signs of life."""
        if holder.process is not None and self._own.process is not None:
            machine, started = holder.process.rsplit(" ", 1)
            if holder.process == self._own.process:  # it may have ended while the storage was away
                return holder.run in _runs_here
            if machine == self._own.process.rsplit(" ", 1)[0]:
                return _started(holder.pid) == started
        if datetime.now(UTC) - holder.beat > _LONG_AGO:
            return False
        print(f"waiting for a sign of life of an earlier run, on {holder.host} ...", file=sys.stderr)
        give_up = time.monotonic() + _SILENT_AFTER_S
        while time.monotonic() < give_up:
            sleep(_POLL_S)
            now = self._holder()
            if now is None:
                return False
            if now != holder:
                return True
        return False


@contextmanager
def held_output(output: str, storage: Storage, *, take_over: bool) -> Iterator[OutputLease]:
    """Hold an output during a run. Arguments and errors are those of `OutputLease` and `take`."""
    lease = OutputLease(output, storage)
    lease.take(take_over=take_over)
    beating = threading.Thread(target=lease.keep, name="bulk/lease", daemon=True)
    beating.start()
    try:
        yield lease
    finally:
        lease.end()
        beating.join()
        lease.release()


def _process(pid: int) -> str | None:
    """Name a process among all processes of all machines; None if the system does not tell."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        started = _started(pid)
        return None if started is None else f"{boot} {Path('/proc/self/ns/pid').readlink()} {started}"
    except OSError:
        return None


def _started(pid: int) -> str | None:
    """When a process of this machine began, in ticks since the machine did; None if it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else fields[19]
