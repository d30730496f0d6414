"""What a callback is told, when it overrides nothing."""

from nextword.training import Callback, StepRecord, ValidationRecord

STEP = StepRecord(
    step=1,
    num_steps=2,
    epoch=0.5,
    num_tokens_seen=4,
    nll_per_token=1.0,
    learning_rate=0.1,
    grad_norm=1.0,
    clip_rate=0.0,
    tokens_per_second=1.0,
    elapsed_s=1.0,
    remaining_s=1.0,
)
VALIDATION = ValidationRecord(step=1, epoch=0.5, nll_per_token=1.0, is_best=True, elapsed_s=1.0)


def test_callback_that_overrides_nothing_takes_every_call() -> None:
    callback = Callback()

    callback.on_missing_kernels()
    callback.on_start(first_step=0, num_steps=2)
    callback.on_step(STEP)
    callback.on_validation(VALIDATION)
    callback.on_end()

    assert vars(callback) == {}
