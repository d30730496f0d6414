import pytest

from nextword.base import ConfigError
from nextword.families import RegularizationConfig
from nextword.training import RunConfig, TrainingConfig


@pytest.mark.parametrize("name", ["activation_penalty", "temporal_penalty"])
def test_run_config_penalty_while_running_free_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="are of whole windows") as caught:
        RunConfig(
            regularization=RegularizationConfig(**{name: 1.0}),
            training=TrainingConfig(free_running_probability=0.5),
        )

    assert "training.free_running_probability=0" in caught.value.help


def test_run_config_penalty_with_the_true_tokens_is_taken() -> None:
    config = RunConfig(regularization=RegularizationConfig(activation_penalty=1.0))

    assert config.training.free_running_probability == 0.0
