"""Callbacks that end a training early, the ways it ends outside tests."""

import os
import signal

from nextword.training import Callback, StepRecord, ValidationRecord


class Interrupt(Callback):
    """Raises in the middle of the training, so that nothing more is saved."""

    def on_step(self, record: StepRecord) -> None:
        raise KeyboardInterrupt


class StopAt(Callback):
    """Sends this process a signal after an update."""

    def __init__(self, step: int, number: signal.Signals = signal.SIGINT) -> None:
        self.step, self.number = step, number

    def on_step(self, record: StepRecord) -> None:
        if record.step == self.step:
            os.kill(os.getpid(), self.number)


class StopAtValidation(Callback):
    """Sends this process a signal after the validation of an update."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_validation(self, record: ValidationRecord) -> None:
        if record.step == self.step:
            os.kill(os.getpid(), signal.SIGINT)
