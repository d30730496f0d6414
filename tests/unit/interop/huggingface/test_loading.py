"""Loading `hf:` folders: what comes out, and what is refused."""

import builtins
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

import huggingface_models as made
import nextword as nw
from nextword.base import (
    CheckpointError,
    ConfigError,
    FormatError,
    MismatchError,
    MissingExtraError,
)
from nextword.interop import WindowedHuggingFaceModel, load_huggingface

transformers = pytest.importorskip("transformers")

TEXT = "the cat in the hat\n\nand the other one\n"


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made.save(tmp_path_factory.mktemp("gpt2"))


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copytree(saved, tmp_path / "copy"))


def test_load_gives_a_model_like_any_other(saved: Path) -> None:
    model = nw.load(f"hf:{saved}")

    assert model.language_model.family == "huggingface"
    assert model.path == saved
    assert model.config["model"]["architecture"] == "gpt2"
    assert model.language_model.num_parameters == made.network("gpt2").num_parameters()
    assert model.audit().passed


def test_load_model_measures_generates_and_scores(saved: Path, tmp_path: Path) -> None:
    model = nw.load(f"hf:{saved}")
    (tmp_path / "text.txt").write_text(TEXT, encoding="utf-8")

    cards = [
        model.evaluate(str(tmp_path / "text.txt"), reset=reset, chunk_length=chunk)
        for reset in ("never", "line")
        for chunk in (None, 3)
    ]

    assert cards[0].nll_sum == pytest.approx(cards[1].nll_sum, rel=1e-6)
    assert cards[2].nll_sum == pytest.approx(cards[3].nll_sum, rel=1e-6)
    assert cards[0].num_bytes == len(TEXT)
    assert cards[0].stride == made.CONTEXT_SIZE // 2
    assert model.generate("the cat", max_tokens=12, seed=1)
    assert model.score(["the cat"])[0].log_prob < 0.0
    assert sum(share for _, share in model.next_words("the", k=5)) <= 1.0
    assert model.complete("the c", k=2)


@torch.no_grad()
def test_load_perplexity_is_what_transformers_computes(saved: Path) -> None:
    """The boundary first, as a text begins, then every token a target once."""
    model = nw.load(f"hf:{saved}")
    network = transformers.AutoModelForCausalLM.from_pretrained(saved)
    text = "the cat"
    token_ids = torch.tensor([[0, *model.tokenizer.encode(text).ids.tolist()]])
    assert token_ids.shape[1] <= made.CONTEXT_SIZE

    expected = network(input_ids=token_ids, labels=token_ids).loss.exp()

    assert model.perplexity(text) == pytest.approx(float(expected), rel=1e-5)


def test_load_with_stride_is_on_the_card(saved: Path, tmp_path: Path) -> None:
    model = nw.load(f"hf:{saved}")
    (tmp_path / "text.txt").write_text(TEXT, encoding="utf-8")

    card = model.with_stride(2).evaluate(str(tmp_path / "text.txt"))

    assert card.stride == 2
    assert model.language_model.stride == made.CONTEXT_SIZE // 2


def test_load_recurrent_model_has_no_stride(tmp_path: Path) -> None:
    model = nw.load(f"hf:{made.save(tmp_path / 'mamba', 'mamba')}")

    assert model.audit().passed
    with pytest.raises(ConfigError, match="reads each token once; it has no stride"):
        model.with_stride(2)


def test_load_is_single_precision_whatever_was_saved(tmp_path: Path) -> None:
    made.save(tmp_path)
    made.network("gpt2").to(torch.bfloat16).save_pretrained(tmp_path)

    model = load_huggingface(str(tmp_path)).model

    assert isinstance(model, WindowedHuggingFaceModel)
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}


def refuse(folder: Path, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        load_huggingface(str(folder))


def test_load_folder_without_weights_is_refused(folder: Path) -> None:
    (folder / "model.safetensors").unlink()

    refuse(folder, FormatError, r"copy has no weights: there is no file \*\.safetensors")


def test_load_pickled_weights_are_not_opened(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")

    refuse(folder, FormatError, r"pytorch_model\.bin is not read, as it may run code")


def test_load_folder_without_settings_is_refused(folder: Path) -> None:
    (folder / "config.json").unlink()

    refuse(folder, FormatError, r"is not a Hugging Face model: config\.json is missing")


def test_load_folder_without_tokenizer_is_refused(folder: Path) -> None:
    for path in folder.glob("tokenizer*"):
        path.unlink()

    refuse(folder, FormatError, "copy has no tokenizer")


def test_load_damaged_weights_are_refused(folder: Path) -> None:
    data = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(data[: len(data) // 2])

    refuse(folder, FormatError, "cannot be loaded as a causal language model")


def test_load_unknown_architecture_is_refused(folder: Path) -> None:
    settings = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**settings, "model_type": "abacus"}))

    refuse(folder, FormatError, "cannot be loaded as a causal language model")


def test_load_weights_that_are_not_all_there_are_refused(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    tensors = load_file(folder / "model.safetensors")
    name = next(name for name in tensors if name.endswith("mlp.c_fc.weight"))
    del tensors[name]
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})

    refuse(folder, FormatError, r"lacks 1 of the weights of a GPT2LMHeadModel: .*c_fc\.weight")


def test_load_network_that_cannot_read_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ValueError("shapes do not fit. See above")

    monkeypatch.setattr(transformers.GPT2LMHeadModel, "forward", broken)

    refuse(folder, FormatError, r"a GPT2LMHeadModel that cannot run: shapes do not fit\.")


def test_load_tokenizer_of_another_model_is_refused(tmp_path: Path) -> None:
    refuse(
        made.save(tmp_path, vocab_size=100),
        MismatchError,
        r"has 261 tokens, the weights have 100",
    )


def test_load_model_of_ours_is_told_apart(tmp_path: Path) -> None:
    (tmp_path / "MANIFEST.json").write_text("{}")

    refuse(tmp_path, FormatError, "contains a nextword model.*Leave out hf: before its name")


@pytest.mark.parametrize("name", ["./nowhere", "/nowhere/at/all", "a/b/c"])
def test_load_folder_that_is_not_there_is_refused(name: str) -> None:
    with pytest.raises(CheckpointError, match="there is no folder"):
        load_huggingface(name)


def test_load_name_out_of_reach_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def unreachable(*_: Any, **__: Any) -> str:
        raise ConnectionError("the hub is away. Try again.\nAnd much more")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("huggingface_hub.snapshot_download", unreachable)

    with pytest.raises(CheckpointError, match=r"no model of that name \(the hub is away\)"):
        load_huggingface("some/model")


def test_load_without_transformers_names_the_extra(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = builtins.__import__

    def without(name: str, *arguments: Any, **keywords: Any) -> Any:
        if name == "transformers":
            raise ImportError(name)
        return right(name, *arguments, **keywords)

    monkeypatch.setattr(builtins, "__import__", without)

    with pytest.raises(MissingExtraError, match=r"pip install 'nextword\[hf\]'"):
        load_huggingface(str(saved))


def test_load_masked_model_is_refused_for_reading_ahead(tmp_path: Path) -> None:
    settings = transformers.BertConfig(
        vocab_size=made.VOCAB_SIZE,
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=8,
    )
    made.save(tmp_path)
    transformers.BertLMHeadModel(settings).save_pretrained(tmp_path)

    refuse(tmp_path, FormatError, "a BertLMHeadModel that reads ahead.*set is_decoder to true")


def test_load_roberta_has_fewer_positions_than_its_settings_say(tmp_path: Path) -> None:
    settings = transformers.RobertaConfig(
        vocab_size=made.VOCAB_SIZE,
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=8,
        max_position_embeddings=18,
        is_decoder=True,
    )
    made.save(tmp_path)
    transformers.RobertaForCausalLM(settings).save_pretrained(tmp_path)
    model = nw.load(f"hf:{tmp_path}")

    assert model.config["model"]["context_size"] == 16
    assert model.perplexity(TEXT * 3) > 1
    assert model.audit().passed


def rewrite(path: Path, **changes: Any) -> None:
    settings = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps({**settings, **changes}))


def test_load_encoder_decoder_is_refused(folder: Path) -> None:
    rewrite(
        folder / "config.json",
        is_encoder_decoder=True,
        architectures=["BartForConditionalGeneration"],
    )

    refuse(folder, FormatError, r"an encoder-decoder \(BartForConditionalGeneration\)")


def test_load_adapter_is_refused(folder: Path) -> None:
    rewrite(folder / "adapter_config.json", base_model_name_or_path="elsewhere")

    refuse(folder, FormatError, "an adapter to another model")


@pytest.mark.parametrize("name", ["weights.bin", "../model.safetensors", "/etc/a.safetensors"])
def test_load_index_that_names_other_files_is_refused(folder: Path, name: str) -> None:
    (folder / "model.safetensors").rename(folder / "decoy.safetensors")
    torch.save({}, folder / "weights.bin")
    rewrite(folder / "model.safetensors.index.json", weight_map={"transformer.wte.weight": name})

    refuse(folder, FormatError, rf"index\.json names the weights file '{name}'")


def test_load_settings_that_name_other_weights_are_refused(folder: Path) -> None:
    rewrite(folder / "config.json", transformers_weights="adapter_model.bin")

    refuse(folder, FormatError, r"config\.json names the weights file 'adapter_model\.bin'")


def test_load_index_that_names_a_missing_file_is_refused(folder: Path) -> None:
    rewrite(folder / "model.safetensors.index.json", weight_map={"a": "part-2.safetensors"})

    refuse(folder, FormatError, r"names part-2\.safetensors, which is not there")


def test_load_settings_with_too_few_layers_are_refused(folder: Path) -> None:
    rewrite(folder / "config.json", n_layer=1)

    refuse(folder, FormatError, r"weights of layers that its config\.json does not have: .*h\.1\.")
