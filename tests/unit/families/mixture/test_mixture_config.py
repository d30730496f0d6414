import pytest
import torch

from nextword.base import ConfigError, MismatchError, encode
from nextword.families import (
    MixtureConfig,
    ModelSettings,
    NetworkSpec,
    NgramConfig,
    RecurrentConfig,
    decode_model_settings,
)
from nextword.tokens import VocabularySpec

LSTM = ModelSettings(model=RecurrentConfig(hidden_size=5))
TRIGRAM = ModelSettings(model=NgramConfig(order=3))
VOCABULARY = VocabularySpec(vocab_size=9, boundary_id=3, start_id=2)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (((0.5, 0.4),), r"model\.weights sum to 0\.9"),
        (((0.5, 0.3, 0.2),), r"rows of 3 weights for 2 members"),
        (((0.5, 0.5),) * 3, r"has 3 rows, but the contexts of the 3-gram model have at most 2"),
        (((-0.5, 1.5),), r"model\.weights.*-0\.5"),
    ],
)
def test_mixture_config_wrong_weights_are_refused(
    weights: tuple[tuple[float, ...], ...], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        MixtureConfig(members=(LSTM, TRIGRAM), weights=weights)


def test_mixture_config_line_reset_of_no_member_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"line_resets is \[0, 2\]; the 2 members have"):
        MixtureConfig(members=(LSTM, TRIGRAM), weights=((0.5, 0.5),), line_resets=(0, 2))


def test_mixture_config_buckets_need_an_ngram_model() -> None:
    with pytest.raises(ConfigError, match="no member is an n-gram model"):
        MixtureConfig(members=(LSTM, LSTM), weights=((0.5, 0.5), (0.1, 0.9)))


def test_mixture_config_encoded_decodes_to_the_same() -> None:
    inner = MixtureConfig(members=(LSTM, TRIGRAM), weights=((0.5, 0.5),))
    config = MixtureConfig(
        method="log-linear",
        members=(ModelSettings(model=inner), TRIGRAM),
        weights=((0.7, 0.9), (0.1, 0.0)),
    )

    decoded = decode_model_settings({"model": encode(config)}, source="test")

    assert decoded.model == config
    assert decoded.model.describe().startswith("log-linear mixture of linear mixture of 1 lstm")


def test_mixture_config_tensor_of_no_member_is_refused() -> None:
    config = MixtureConfig(members=(LSTM, TRIGRAM), weights=((0.5, 0.5),))
    spec = NetworkSpec(vocabulary=VOCABULARY)

    with pytest.raises(MismatchError, match=r"m\.safetensors has the tensor 2\.a, which belongs"):
        config.load({"2.a": torch.zeros(1)}, spec, source="m.safetensors")
