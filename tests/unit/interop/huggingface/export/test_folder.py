"""Exported folders, as transformers loads and uses them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

import nextword as nw
from exported_models import network, tokenized
from nextword.base import FormatError
from nextword.interop import register_auto_classes
from nextword.layers import OutputConfig

transformers = pytest.importorskip("transformers")

#: On some processors torch says so, once, of its own layer.
pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections")
ADAPTIVE = OutputConfig(kind="adaptive", cutoffs=(5,))
NETWORKS: dict[str, dict[str, Any]] = {
    "lstm": {},
    "gru": {"cell": "gru", "tied": False, "residual": True, "embedding_size": 6},
    "coupled-gates": {"cell": "cifg"},
    "elman-relu": {"cell": "elman", "nonlinearity": "relu"},
    "projected": {"cell": "lstm_projected", "hidden_size": 8, "projection_size": 4},
    "last-layer": {"hidden_size": 8, "last_hidden_size": 4, "learnt_initial_state": True},
    "adaptive": {"output": ADAPTIVE},
    "adaptive-untied": {"output": ADAPTIVE, "tied": False, "embedding_size": 3},
}


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """No progress bars, and no requests to the hub."""
    transformers.utils.logging.disable_progress_bar()
    yield
    transformers.utils.logging.enable_progress_bar()


def exported(model: nw.Model, folder: Path) -> Any:
    nw.export(model, to="huggingface", out=folder)
    return transformers.AutoModelForCausalLM.from_pretrained(folder)


def token_ids(model: nw.Model, *shape: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randint(3, model.language_model.vocab_size, shape, generator=generator)


@pytest.mark.parametrize("name", NETWORKS)
def test_logits_are_those_of_the_model_in_chunks_and_with_padding(
    name: str, tmp_path: Path
) -> None:
    model = network(**NETWORKS[name])
    loaded = exported(model, tmp_path / "out")
    ids = token_ids(model, 3, 7)
    language_model = model.language_model
    expected, _ = language_model.next_log_probs(ids, language_model.initial_state(3))

    with torch.no_grad():
        whole = loaded(ids).logits
        first = loaded(ids[:, :3])
        rest = loaded(ids[:, 3:], past_key_values=first.past_key_values)
        padding = torch.zeros(3, 2, dtype=torch.long)
        mask = torch.cat([padding, torch.ones_like(ids)], dim=1)
        left = loaded(torch.cat([padding, ids], dim=1), attention_mask=mask).logits[:, 2:]
        right = loaded(torch.cat([ids, padding], dim=1), attention_mask=mask.flip(1)).logits[:, :7]

    torch.testing.assert_close(whole.log_softmax(2), expected, rtol=0, atol=1e-5)
    chunked = torch.cat([first.logits, rest.logits], dim=1)
    for other in (chunked, left, right):
        torch.testing.assert_close(other, whole, rtol=0, atol=1e-6)


def test_greedy_tokens_are_those_of_nextword_also_padded_on_the_left(tmp_path: Path) -> None:
    model = network()
    loaded = exported(model, tmp_path / "out")
    prompt = token_ids(model, 1, 4)
    expected = model.generate(text_of(model, prompt[0]), max_tokens=40, temperature=0)
    boundary = torch.full((1, 1), model.tokenizer.boundary_id)
    prompt = torch.cat([boundary, prompt], dim=1)

    alone = loaded.generate(prompt, max_new_tokens=40, do_sample=False)
    padded = torch.cat([torch.zeros(1, 3, dtype=torch.long), prompt], dim=1)
    batch = torch.cat([padded, token_ids(model, 1, 8)], dim=0)
    mask = (torch.arange(8) >= torch.tensor([[3], [0]])).long()
    together = loaded.generate(batch, attention_mask=mask, max_new_tokens=40, do_sample=False)

    assert text_of(model, alone[0, 5:]).strip() == expected.strip()
    assert together[0, 3:].tolist() == alone[0].tolist()


@pytest.mark.parametrize("num_beams", [1, 3])
@pytest.mark.parametrize("name", ["lstm", "gru", "adaptive"])
def test_padding_on_the_right_does_not_change_what_is_generated(
    name: str, num_beams: int, tmp_path: Path
) -> None:
    model = network(**NETWORKS[name])
    loaded = exported(model, tmp_path / "out")
    short, long = token_ids(model, 1, 4), token_ids(model, 1, 9)
    options = {"max_new_tokens": 12, "do_sample": False, "num_beams": num_beams}

    alone = loaded.generate(short, **options)[0, 4:]
    padded = torch.cat([short, torch.zeros(1, 5, dtype=torch.long)], dim=1)
    mask = (torch.arange(9) < torch.tensor([[4], [9]])).long()
    together = loaded.generate(torch.cat([padded, long]), attention_mask=mask, **options)

    assert together[0, 9:].tolist() == alone.tolist()
    assert together[1, 9:].tolist() == loaded.generate(long, **options)[0, 9:].tolist()


def text_of(model: nw.Model, ids: torch.Tensor) -> str:
    decoder = model.tokenizer.stream_decoder()
    return "".join(map(decoder.feed, ids.tolist())) + decoder.flush()


def test_beams_have_the_scores_of_the_model(tmp_path: Path) -> None:
    model = network()
    loaded = exported(model, tmp_path / "out")
    prompt = token_ids(model, 2, 3)

    found = loaded.generate(
        prompt,
        max_new_tokens=8,
        num_beams=4,
        num_return_sequences=4,
        length_penalty=0.0,
        return_dict_in_generate=True,
        output_scores=True,
    )

    language_model = model.language_model
    for ids, score in zip(found.sequences, found.sequences_scores, strict=True):
        state = language_model.initial_state(1)
        log_probs, _ = language_model.next_log_probs(ids[None], state)
        own = log_probs[0, 2:-1].gather(1, ids[3:, None]).sum()
        torch.testing.assert_close(score, own, rtol=0, atol=1e-5)


def test_saved_again_it_loads_with_the_same_logits(tmp_path: Path) -> None:
    model = network(output=ADAPTIVE)
    loaded = exported(model, tmp_path / "out")
    loaded.save_pretrained(tmp_path / "again")

    again = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "again")

    ids = token_ids(model, 2, 5)
    assert torch.equal(loaded(ids).logits, again(ids).logits)
    assert (tmp_path / "again" / "layers_nextword.py").is_file()


def test_folder_is_a_model_of_nextword_too(tmp_path: Path) -> None:
    model = tokenized("bpe", vocab_size=280)
    nw.export(model, to="huggingface", out=tmp_path / "out")

    again = nw.load(f"hf:{tmp_path / 'out'}")

    text = "the cat sat on the mat"
    assert again.perplexity(text=text) == pytest.approx(model.perplexity(text=text), rel=1e-5)


def test_weights_that_are_not_finite_are_refused_and_leave_no_folder(tmp_path: Path) -> None:
    model = network()
    with torch.no_grad():
        next(iter(model.language_model.parameters())).fill_(torch.nan)  # type: ignore[attr-defined]

    with pytest.raises(FormatError, match="differ by nan nats"):
        nw.export(model, to="huggingface", out=tmp_path / "out")

    assert list(tmp_path.iterdir()) == []


WITHOUT_NEXTWORD = """
import sys
sys.modules["nextword"] = None
from transformers import AutoModel, AutoModelForCausalLM, AutoTokenizer, pipeline
folder = sys.argv[1]
model = AutoModelForCausalLM.from_pretrained(folder, trust_remote_code=True)
tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=True)
generator = pipeline("text-generation", model=model, tokenizer=tokenizer)
found = generator("the cat", max_new_tokens=20, do_sample=False, return_full_text=False)
print(found[0]["generated_text"].strip(), end="")
model.save_pretrained(folder + "-again")
AutoModelForCausalLM.from_pretrained(folder + "-again", trust_remote_code=True)
AutoModel.from_pretrained(folder, trust_remote_code=True)
"""


@pytest.mark.exhaustive
@pytest.mark.slow
@pytest.mark.parametrize("kind", ["word", "character"])
def test_bundled_code_needs_no_nextword_and_a_pipeline_writes_the_same_text(
    kind: str, tmp_path: Path
) -> None:
    model = tokenized(kind)
    nw.export(model, to="huggingface", out=tmp_path / "out")

    environment = {**os.environ, "HF_HOME": str(tmp_path / "home"), "HF_HUB_OFFLINE": "1"}
    environment.pop("PYTHONPATH", None)
    finished = subprocess.run(
        [sys.executable, "-c", WITHOUT_NEXTWORD, str(tmp_path / "out")],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert finished.returncode == 0, finished.stderr
    expected = model.generate("the cat", max_tokens=20, temperature=0)
    assert finished.stdout == expected.strip()


@pytest.mark.exhaustive
@pytest.mark.slow
def test_trainer_lowers_the_loss_in_twenty_steps(tmp_path: Path) -> None:
    pytest.importorskip("accelerate")
    model = tokenized("word")
    loaded = exported(model, tmp_path / "out")
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "out")
    lines = ["the cat sat on the mat", "the dog", "the cat sat on the dog"] * 20
    rows = [tokenizer(line) for line in lines]
    trainer = transformers.Trainer(
        model=loaded,
        args=transformers.TrainingArguments(
            output_dir=str(tmp_path / "trained"),
            max_steps=20,
            per_device_train_batch_size=6,
            learning_rate=0.05,
            report_to=[],
            disable_tqdm=True,
            logging_steps=20,
            save_strategy="steps",
            save_steps=20,
            use_cpu=True,
        ),
        train_dataset=rows,
        data_collator=transformers.DataCollatorForLanguageModeling(tokenizer, mlm=False),
    )
    before = trainer.evaluate(rows[:6])["eval_loss"]

    trainer.train()

    assert trainer.evaluate(rows[:6])["eval_loss"] < 0.75 * before
    again = transformers.AutoModelForCausalLM.from_pretrained(
        tmp_path / "trained" / "checkpoint-20"
    )
    ids = token_ids(model, 2, 5)
    assert torch.equal(again(ids).logits, trainer.model(ids).logits)


@pytest.mark.exhaustive
@pytest.mark.slow
def test_streamer_writes_what_generate_returns(tmp_path: Path) -> None:
    model = tokenized("word")
    loaded = exported(model, tmp_path / "out")
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "out")
    inputs = tokenizer("the cat", return_tensors="pt")
    streamer = transformers.TextIteratorStreamer(tokenizer, skip_special_tokens=True)

    ids = loaded.generate(**inputs, max_new_tokens=20, do_sample=True, streamer=streamer)

    assert "".join(streamer) == tokenizer.decode(ids[0], skip_special_tokens=True)


def test_registering_twice_has_no_effect() -> None:
    register_auto_classes()
    register_auto_classes()


@pytest.mark.parametrize("tied", [True, False])
def test_resizing_an_adaptive_softmax_is_refused_with_the_reason(
    tmp_path: Path, tied: bool
) -> None:
    loaded = exported(network(output=ADAPTIVE, tied=tied), tmp_path / "out")

    for module in (loaded, loaded.model):
        with pytest.raises(ValueError, match="words in the order of frequency"):
            module.resize_token_embeddings(20)
