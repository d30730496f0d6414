"""Records of a training, as examples for tests."""

from nextword.training import StepRecord, ValidationRecord

STEP = StepRecord(
    step=1,
    num_steps=9,
    epoch=0.5,
    num_seen=4,
    unit="tokens",
    figures={"nll_per_token": 1.0, "perplexity": 2.75},
    headline="perplexity",
    learning_rate=0.1,
    grad_norm=1.0,
    clip_rate=0.0,
    items_per_second=1.0,
    elapsed_s=1.0,
    remaining_s=1.0,
)
VALIDATION = ValidationRecord(
    step=2,
    epoch=0.5,
    figures={"nll_per_token": 1.0, "perplexity": 2.75},
    headline="perplexity",
    is_best=True,
    elapsed_s=1.0,
)
