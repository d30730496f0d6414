import pytest

from nextword.base import ConfigError
from nextword.models import RegularizationConfig
from nextword.training import RunConfig, TextConfig, TrainingConfig


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


@pytest.mark.parametrize("part", ["train", "valid", "test"])
def test_text_config_name_that_is_not_utf8_is_refused(part: str) -> None:
    with pytest.raises(ConfigError, match=r"the name 'caf\\xe9\.txt' is not UTF-8.*its folder"):
        TextConfig(**{part: ("caf\udce9.txt",)})
