"""Exported taggers and classifiers, as transformers loads and uses them."""

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

import nextword as nw
from labelling_models import CLASSIFIERS, TAGGERS, classifier, sentences, tagger, texts
from nextword.base import ConfigError, FormatError
from nextword.interop import register_auto_classes
from tagging import name_sentence, small_tagger

transformers = pytest.importorskip("transformers")


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """No progress bars, no advice on truncation, and no requests to the hub."""
    transformers.utils.logging.disable_progress_bar()
    level = transformers.utils.logging.get_verbosity()
    transformers.utils.logging.set_verbosity_error()
    yield
    transformers.utils.logging.set_verbosity(level)
    transformers.utils.logging.enable_progress_bar()


def tagging_pipeline(model: Any, folder: Path) -> Any:
    nw.export(model, to="huggingface", out=folder)
    return transformers.pipeline("token-classification", model=str(folder))


@pytest.mark.parametrize("name", TAGGERS)
def test_pipeline_gives_the_labels_of_the_tagger(name: str, tmp_path: Path) -> None:
    model = tagger(name)
    predict = tagging_pipeline(model, tmp_path / "out")

    seen = set()
    for words in sentences(name):
        found = predict(" ".join(words), ignore_labels=[])
        labels = [each["entity"] for each in found]
        assert labels == model.labels_of(words)
        assert [" ".join(words)[each["start"] : each["end"]] for each in found] == words
        seen |= {*labels}

    assert len(seen) > 1


@pytest.mark.parametrize("name", ["names", "softmax"])
def test_batches_padded_on_either_side_have_the_logits_of_single_sentences(
    name: str, tmp_path: Path
) -> None:
    predict = tagging_pipeline(tagger(name), tmp_path / "out")
    lines = [" ".join(words) for words in sentences(name, 6)]
    own = [
        predict.model(**predict.tokenizer(line, return_tensors="pt")).logits[0] for line in lines
    ]

    for side in ("right", "left"):
        inputs = predict.tokenizer(lines, padding=True, padding_side=side, return_tensors="pt")
        with torch.no_grad():
            logits = predict.model(**inputs).logits
        for row, mask, expected in zip(logits, inputs["attention_mask"], own, strict=True):
            torch.testing.assert_close(row[mask.bool()], expected, rtol=0, atol=1e-5)
    together = predict(lines, batch_size=4, ignore_labels=[])
    assert [[each["entity"] for each in row] for row in together] == [
        [each["entity"] for each in predict(line, ignore_labels=[])] for line in lines
    ]


def test_marginal_logits_are_the_probabilities_of_the_tagger(tmp_path: Path) -> None:
    model = tagger("parts-of-speech")
    predict = tagging_pipeline(model, tmp_path / "out")
    words = sentences("parts-of-speech", 3)[-1]
    inputs = predict.tokenizer([words], is_split_into_words=True, return_tensors="pt")

    best = predict.model(**inputs).logits[0].argmax(1)
    predict.model.config.crf_logits = "marginal"
    probabilities = predict.model(**inputs).logits[0].softmax(1)

    found = probabilities.gather(1, best[:, None]).squeeze(1).tolist()
    expected = [token.probability for token in model.tag(words, with_probabilities=True)]
    assert found == pytest.approx(expected, abs=1e-5)


def test_spans_are_grouped(tmp_path: Path) -> None:
    model = tagger("names")
    predict = tagging_pipeline(model, tmp_path / "out")
    words = next(each for each in sentences("names") if "I-LOC" in model.labels_of(each)[1:-1])

    groups = predict(" ".join(words), aggregation_strategy="simple")

    assert {each["entity_group"] for each in groups} <= {"PER", "LOC"}
    num_inside = sum(label != "O" for label in model.labels_of(words))
    assert sum(len(each["word"].split()) for each in groups) == num_inside


def test_folder_has_labels_card_and_code(tmp_path: Path) -> None:
    nw.export(tagger("names"), to="huggingface", out=tmp_path / "out")

    settings = json.loads((tmp_path / "out" / "config.json").read_text())
    labels = ["B-LOC", "B-PER", "I-LOC", "I-PER", "O"]
    assert settings["id2label"] == {str(i): label for i, label in enumerate(labels)}
    assert settings["architectures"] == ["NextwordForTokenClassification"]
    card = (tmp_path / "out" / "README.md").read_text()
    assert "pipeline_tag: token-classification" in card
    assert "A tagger with 5 labels: 1 bidirectional LSTM layer of 6" in card
    assert "the scores of `pipeline` are not probabilities" in card
    assert (tmp_path / "out" / "crf_nextword_task.py").is_file()


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_pipeline_gives_the_probabilities_of_the_classifier(name: str, tmp_path: Path) -> None:
    model = classifier(name)
    nw.export(model, to="huggingface", out=tmp_path / "out")
    predict = transformers.pipeline("text-classification", model=str(tmp_path / "out"), top_k=None)

    for text in texts():
        found = {each["label"]: each["score"] for each in predict([text])[0]}
        assert found == pytest.approx(model.classify(text), abs=1e-5)


def test_batches_of_texts_have_the_probabilities_of_single_texts(tmp_path: Path) -> None:
    model = classifier("max-ngrams")
    nw.export(model, to="huggingface", out=tmp_path / "out")
    predict = transformers.pipeline("text-classification", model=str(tmp_path / "out"), top_k=None)
    lines = texts(10)

    together = predict(lines, batch_size=5)
    inputs = predict.tokenizer(lines, padding=True, padding_side="left", return_tensors="pt")
    with torch.no_grad():
        logits = predict.model(**inputs).logits

    labels = predict.model.config.id2label
    for line, row, scores in zip(lines, logits.softmax(1), together, strict=True):
        expected = model.classify(line)
        assert {each["label"]: each["score"] for each in scores} == pytest.approx(
            expected, abs=1e-5
        )
        assert {labels[i]: p for i, p in enumerate(row.tolist())} == pytest.approx(
            expected, abs=1e-5
        )


def test_long_texts_are_cut_as_the_classifier_cuts_them(tmp_path: Path) -> None:
    model = classifier("several-labels")
    nw.export(model, to="huggingface", out=tmp_path / "out")
    predict = transformers.pipeline("text-classification", model=str(tmp_path / "out"), top_k=None)
    limit = model.parts.max_length
    text = "the film was great " * limit

    found = {each["label"]: each["score"] for each in predict([text])[0]}

    assert found == pytest.approx(model.classify(text), abs=1e-5)
    assert found != pytest.approx(model.classify("the film"), abs=1e-3)


@pytest.mark.parametrize("model", [tagger("names"), classifier("max-ngrams")], ids=type)
def test_saved_again_it_loads_with_the_same_logits(model: Any, tmp_path: Path) -> None:
    nw.export(model, to="huggingface", out=tmp_path / "out")
    kind = "Token" if model.task == "tagging" else "Sequence"
    auto = getattr(transformers, f"AutoModelFor{kind}Classification")
    loaded = auto.from_pretrained(tmp_path / "out")
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "out")
    for part in (loaded, tokenizer):
        part.save_pretrained(tmp_path / "again")

    again = auto.from_pretrained(tmp_path / "again")
    inputs = transformers.AutoTokenizer.from_pretrained(tmp_path / "again")(
        ["Ann sees Rome .", "the film"], padding=True, return_tensors="pt"
    )

    before = tokenizer(["Ann sees Rome .", "the film"], padding=True, return_tensors="pt")
    assert {name: part.tolist() for name, part in inputs.items()} == {
        name: part.tolist() for name, part in before.items()
    }
    assert torch.equal(loaded(**inputs).logits, again(**inputs).logits)
    assert (tmp_path / "again" / "tokenization_nextword_task.py").is_file()


def test_loss_of_a_tagger_is_the_negative_log_likelihood_of_its_crf(tmp_path: Path) -> None:
    model = tagger("parts-of-speech")
    predict = tagging_pipeline(model, tmp_path / "out")
    batch = sentences("parts-of-speech", 4)[1:]
    generator = random.Random(0)
    labels = [generator.choices(range(len(model.labels)), k=len(words)) for words in batch]
    inputs = predict.tokenizer(batch, is_split_into_words=True, padding=True, return_tensors="pt")
    width = inputs["input_ids"].shape[1]
    padded = torch.tensor([row + [-100] * (width - len(row)) for row in labels])

    found = predict.model(**inputs, labels=padded).loss

    own = model.parts.encoder.batcher().batch(batch)
    expected = model.model.loss(own, padded.clamp(min=0)) / own.num_tokens
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


WITHOUT_NEXTWORD = """
import json, sys
sys.modules["nextword"] = None
from transformers import AutoModel, AutoModelForTokenClassification, AutoTokenizer, pipeline
task, folder, lines = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
predict = pipeline(task, model=folder, trust_remote_code=True)
options = {"ignore_labels": []} if task == "token-classification" else {"top_k": None}
print(json.dumps(predict(lines, **options), default=float))
predict.save_pretrained(folder + "-again")
pipeline(task, model=folder + "-again", trust_remote_code=True)(lines)
AutoModel.from_pretrained(folder, trust_remote_code=True)
"""


def run_without_nextword(task: str, folder: Path, lines: list[str]) -> Any:
    environment = {**os.environ, "HF_HOME": str(folder.parent / "home"), "HF_HUB_OFFLINE": "1"}
    environment.pop("PYTHONPATH", None)
    finished = subprocess.run(
        [sys.executable, "-c", WITHOUT_NEXTWORD, task, str(folder), json.dumps(lines)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)


@pytest.mark.slow
def test_bundled_code_of_a_tagger_needs_no_nextword(tmp_path: Path) -> None:
    model = tagger("names")
    nw.export(model, to="huggingface", out=tmp_path / "out")
    lines = [" ".join(words) for words in sentences("names", 5)]

    found = run_without_nextword("token-classification", tmp_path / "out", lines)

    expected = [model.labels_of(line) for line in lines]
    assert [[each["entity"] for each in row] for row in found] == expected


@pytest.mark.exhaustive
@pytest.mark.slow
def test_bundled_code_of_a_classifier_needs_no_nextword(tmp_path: Path) -> None:
    model = classifier("max-ngrams")
    nw.export(model, to="huggingface", out=tmp_path / "out")
    lines = texts(5)

    found = run_without_nextword("text-classification", tmp_path / "out", lines)

    for row, line in zip(found, lines, strict=True):
        scores = {each["label"]: each["score"] for each in row}
        assert scores == pytest.approx(model.classify(line), abs=1e-5)


@pytest.mark.exhaustive
@pytest.mark.slow
@pytest.mark.parametrize("name", ["names", "softmax"])
def test_trainer_lowers_the_loss_of_a_tagger(name: str, tmp_path: Path) -> None:
    pytest.importorskip("accelerate")
    nw.export(tagger(name, scale=0.2), to="huggingface", out=tmp_path / "out")
    loaded = transformers.AutoModelForTokenClassification.from_pretrained(tmp_path / "out")
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "out")
    make, _ = TAGGERS[name]
    generator, numbers = random.Random(5), loaded.config.label2id
    rows = []
    for pairs in (make(generator) for _ in range(40)):
        words, labels = zip(*pairs, strict=True)
        row = dict(tokenizer(list(words), is_split_into_words=True))
        row["labels"] = [numbers[each] for each in labels]
        rows.append(row)
    trainer = transformers.Trainer(
        model=loaded,
        args=transformers.TrainingArguments(
            output_dir=str(tmp_path / "trained"),
            max_steps=20,
            per_device_train_batch_size=8,
            learning_rate=0.05,
            report_to=[],
            disable_tqdm=True,
            save_strategy="no",
            use_cpu=True,
        ),
        train_dataset=rows,
        data_collator=transformers.DataCollatorForTokenClassification(tokenizer),
    )
    before = trainer.evaluate(rows)["eval_loss"]

    trainer.train()

    assert trainer.evaluate(rows)["eval_loss"] < 0.5 * before


def test_tagger_whose_spans_are_repaired_afterwards_is_refused(tmp_path: Path) -> None:
    generator = random.Random(0)
    model = small_tagger([name_sentence(generator) for _ in range(9)], decoder="softmax")

    with pytest.raises(ConfigError, match="repairs the spans of the sentence afterwards") as caught:
        nw.export(model, to="huggingface", out=tmp_path / "out")

    assert "tagging.decoder=crf" in (caught.value.help or "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("encoder", "reason"),
    [
        ({"cell": "min_gru"}, "the cell MinGruCell, which is not one of torch"),
        ({"cell": "elman", "nonlinearity": "sigmoid"}, "Elman cells with a sigmoid"),
    ],
)
def test_other_cells_are_refused(encoder: dict[str, Any], reason: str, tmp_path: Path) -> None:
    generator = random.Random(0)
    model = small_tagger([name_sentence(generator) for _ in range(9)], **encoder)

    with pytest.raises(ConfigError, match=reason):
        nw.export(model, to="huggingface", out=tmp_path / "out")


def test_weights_that_are_not_finite_are_refused_and_leave_no_folder(tmp_path: Path) -> None:
    model = tagger()
    with torch.no_grad():
        model.model.output.weight.fill_(torch.nan)

    with pytest.raises(
        FormatError, match="scores of labels computed by transformers differ by nan"
    ):
        nw.export(model, to="huggingface", out=tmp_path / "out")

    assert list(tmp_path.iterdir()) == []


def test_pairs_of_texts_and_missing_inputs_are_refused(tmp_path: Path) -> None:
    predict = tagging_pipeline(tagger("names"), tmp_path / "out")

    with pytest.raises(ValueError, match="not pairs of texts"):
        predict.tokenizer("one", "other")
    with pytest.raises(ValueError, match="pass the character_ids too"):
        predict.model(torch.tensor([[2, 3]]))


def test_registering_lets_the_auto_classes_make_a_new_model() -> None:
    register_auto_classes()
    config = transformers.AutoConfig.for_model("nextword_task", num_labels=3, hidden_size=4)

    made = transformers.AutoModelForSequenceClassification.from_config(config)

    assert made(torch.tensor([[2, 3]])).logits.shape == (1, 3)
