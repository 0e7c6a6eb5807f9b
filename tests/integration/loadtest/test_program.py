"""A service that is started to be measured."""

import pytest

from loadtest.errors import LoadtestError
from loadtest.program import check_on_loopback, running_program

_LISTENS = """
import signal, socket, sys
listener = socket.create_server((sys.argv[1], 0))
print("not yet: already listening", flush=True)
print("ready", flush=True)
signal.sigwait({signal.SIGINT})
"""
# What Ctrl-C would raise in it is none of the test's business.
_BLOCKED = "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})\n"


def test_program_runs_until_it_is_left() -> None:
    with running_program(["-c", _BLOCKED + _LISTENS, "127.0.0.1"], {}, "ready", 30) as service:
        (process,) = service.alive()
        check_on_loopback(service)
    assert not process.is_running()


def test_other_address_is_refused() -> None:
    arguments = ["-c", _BLOCKED + _LISTENS, "127.0.0.2"]  # an address that is not allowed, and yet is nobody else's
    with running_program(arguments, {}, "ready", 30) as service:
        (process,) = service.alive()
        with pytest.raises(LoadtestError, match=r"listens on 127\.0\.0\.2"):
            check_on_loopback(service)
    assert not process.is_running()


def test_program_that_ends_without_a_line_is_an_error_with_its_words() -> None:
    with (
        pytest.raises(LoadtestError, match="there is no model"),
        running_program(["-c", "raise SystemExit('there is no model')"], {}, "ready", 30),
    ):
        pytest.fail("it is not ready")


def test_program_that_is_never_ready_is_given_up() -> None:
    with (
        pytest.raises(LoadtestError, match="not ready within 1 s"),
        running_program(["-c", "import time; time.sleep(60)"], {}, "ready", 1),
    ):
        pytest.fail("it is not ready")
