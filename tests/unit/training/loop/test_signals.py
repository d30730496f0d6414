"""A first signal asks politely, a second one acts at once."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from nextword.training import StopRequest, stop_on_signals
from nextword.training.loop.signals import exit_on_sigterm

#: Sends itself two signals, ignoring what the first one asks for.
IMPATIENT = """
import os, signal, sys
from nextword.training.loop.signals import stop_on_signals
number = int(sys.argv[1])
with stop_on_signals() as stop:
    os.kill(os.getpid(), number)
    print("asked" if stop else "not asked", flush=True)
    os.kill(os.getpid(), number)
    print("still here", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_first_signal_only_asks(number: signal.Signals) -> None:
    with stop_on_signals() as stop:
        assert not stop
        os.kill(os.getpid(), number)
        asked = bool(stop)

    assert asked
    assert stop.signal_number == number


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_second_signal_ends_the_process_at_once(number: signal.Signals) -> None:
    child = subprocess.run(
        [sys.executable, "-c", IMPATIENT, str(int(number))],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (child.stdout, child.returncode) == ("asked\n", -number)


def test_handlers_after_the_block_are_those_of_before() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]

    with stop_on_signals():
        inside = signal.getsignal(signal.SIGINT)

    assert inside not in before
    assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)] == before


def test_sigterm_exits_with_its_code_and_the_handler_comes_back() -> None:
    before = signal.getsignal(signal.SIGTERM)

    with pytest.raises(SystemExit) as caught, exit_on_sigterm():
        signal.raise_signal(signal.SIGTERM)

    assert caught.value.code == 143
    assert signal.getsignal(signal.SIGTERM) is before


def test_outside_the_main_thread_nothing_is_caught() -> None:
    found: list[StopRequest] = []

    def work() -> None:
        with stop_on_signals() as stop:
            found.append(stop)

    before = signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert signal.getsignal(signal.SIGINT) is before
    assert not found[0]
