import gc
import logging
import weakref

import pytest
import torch

from fakes import HashModel
from nextword.base import ConfigError, DivergedError
from nextword.families import NetworkSpec, RecurrentConfig, RecurrentLanguageModel
from nextword.packed import fast_model, pack_model
from nextword.packed.support import has_table, packed_bytes, why_not_packed
from nextword.tokens import VocabularySpec
from packed_models import has_adaptive_kernels, made_model


def model_of(**settings: object) -> torch.nn.Module:
    vocabulary = VocabularySpec(vocab_size=37, boundary_id=1, start_id=1)
    return RecurrentConfig(**settings).build(NetworkSpec(vocabulary=vocabulary))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (HashModel(12), "the family 'recurrent', not"),
        (model_of(cell="cifg", hidden_size=4), "no CifgCell"),
        (model_of(cell="min_lstm", hidden_size=4), "no MinLstmCell"),
        (model_of(cell="lstm", hidden_size=4).double(), "not float32"),
    ],
    ids=["family", "cifg", "minimal", "float64"],
)
def test_model_that_the_kernels_cannot_run_keeps_its_own_layers(
    model: object, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    assert fast_model(model) is None  # type: ignore[arg-type]

    assert (reason in caplog.text) == isinstance(model, RecurrentLanguageModel)
    with pytest.raises(ConfigError, match=reason):
        pack_model(model)  # type: ignore[arg-type]


def test_adaptive_softmax_needs_kernels_that_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nextword.packed.support._has_output", lambda output: False)

    assert why_not_packed(made_model(output="adaptive")) == "the kernels have no AdaptiveSoftmax"


def test_adaptive_embedding_of_a_large_vocabulary_is_not_unfolded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not has_adaptive_kernels():
        pytest.skip("the installed kernels have no adaptive softmax")
    model = made_model(output="adaptive")
    monkeypatch.setattr("nextword.packed.support.MOST_TABLE_BYTES", 0)
    assert why_not_packed(model) is None
    # The vectors of all tokens are a part of the packed form.
    assert packed_bytes(model, "float32") == 4 * (model.num_parameters + 37 * 13)

    monkeypatch.setattr("nextword.packed.support.MOST_VECTOR_BYTES", 37 * 13 * 4 - 1)

    assert "its vocabulary is large" in str(why_not_packed(model))


def test_choice_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    model = made_model()

    for _ in range(3):
        assert fast_model(model) is not None

    assert caplog.text.count("compiled generator in float32") == 1


def test_large_model_is_not_packed_unless_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nextword.packed.choice.MOST_PACKED_BYTES", 100)
    model = made_model()

    assert fast_model(model) is None
    assert pack_model(model).precision == "float32"


def test_packed_model_is_its_own_fast_model() -> None:
    packed = pack_model(made_model(), precision="int8")

    assert fast_model(packed) is packed
    assert pack_model(packed, precision="bfloat16").unpacked is packed.unpacked


@pytest.mark.parametrize("change", ["step", "data"])
def test_changed_weights_are_packed_again(change: str) -> None:
    model = made_model()
    before = pack_model(model)
    assert pack_model(model).network is before.network

    with torch.no_grad():
        if change == "step":
            model.output.bias.add_(1.0)
        else:
            model.output.bias.data = model.output.bias + 1.0

    assert pack_model(model).network is not before.network


def test_packed_weights_do_not_keep_a_model_alive() -> None:
    model = made_model()
    pack_model(model)
    fast_model(model)
    reference = weakref.ref(model)

    del model
    gc.collect()

    assert reference() is None


def test_unknown_precision_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="'int4' is unknown") as caught:
        pack_model(made_model(), precision="int4")
    assert "int8" in str(caught.value.help)


def test_weight_that_is_not_finite_cannot_be_quantized() -> None:
    model = made_model()
    with torch.no_grad():
        model.output.weight[3, 0] = torch.nan

    with pytest.raises(DivergedError, match="not finite"):
        pack_model(model, precision="int8")


def test_sizes_of_packed_weights() -> None:
    model = made_model()

    assert has_table(model, "float32")
    table = 37 * 4 * 13 * 2
    assert packed_bytes(model, "int8") == model.num_parameters + table


def test_model_without_kernels_is_not_packed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nextword.packed.support.kernels_are_installed", lambda: False)

    assert why_not_packed(made_model()) == "nextword-kernels is not installed"
    assert fast_model(made_model()) is None
