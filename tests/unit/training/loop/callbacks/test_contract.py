"""The callback that overrides nothing."""

from nextword.training import Callback
from training_records import STEP, VALIDATION


def test_callback_that_overrides_nothing_takes_every_call() -> None:
    callback = Callback()

    callback.on_missing_kernels()
    callback.on_start(first_step=0, num_steps=2)
    callback.on_step(STEP)
    callback.on_validation(VALIDATION)
    callback.on_end()

    assert vars(callback) == {}
