"""The callback that overrides nothing."""

from nextword.optim import Clipped
from nextword.training import Callback
from training_records import STEP, VALIDATION


def test_callback_that_overrides_nothing_takes_every_call() -> None:
    callback = Callback()

    callback.on_missing_kernels()
    callback.on_start(first_step=0, num_steps=2)
    callback.on_update(1, Clipped(norm=1.0, threshold=2.0, is_clipped=False))
    callback.on_step(STEP)
    callback.on_validation(VALIDATION)
    callback.on_end()

    assert vars(callback) == {}
