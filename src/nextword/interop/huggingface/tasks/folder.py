"""The folder that transformers loads: settings, code, weights, tokenizer and model card."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nextword.base import ConfigError, FormatError, Values
from nextword.interop.exported_tasks import (
    exported_labels,
    ngram_sizes,
    random_sentences,
    split_of,
)
from nextword.interop.huggingface.tasks.card import task_card
from nextword.interop.huggingface.tasks.registration import (
    import_task_classes,
    register_task_classes,
)
from nextword.interop.huggingface.tasks.tokenizer_files import task_tokenizer
from nextword.interop.huggingface.tasks.weights import (
    classifier_weights,
    encoder_settings,
    tagger_weights,
)
from nextword.storage import no_progress_bar
from nextword.tasks.classification import Classifier
from nextword.tasks.tagging import Tagger

#: Largest difference of the scores of labels between the two implementations.
_LARGEST_DIFFERENCE = 1e-3


@dataclass(frozen=True, kw_only=True)
class HuggingFaceTaskExport:
    """What was written.

    Attributes:
        num_parameters: Number of parameters in the folder.
        max_difference: Largest difference of the scores of labels from those of the model, on
            sentences of random words: emissions of a tagger, logits of a classifier.
    """

    num_parameters: int
    max_difference: float


def write_task_folder(
    model: Tagger | Classifier, *, folder: Path, name: str
) -> HuggingFaceTaskExport:
    """Write a tagger or classifier as a folder for the Auto classes of transformers.

    Args:
        model: A model of words, characters and n-grams with LSTM, GRU or Elman layers.
        folder: An empty folder.
        name: Name of the model, for its card.

    Raises:
        ConfigError: The folder cannot hold this model; the message says why.
        FormatError: The two implementations differ; the model has weights that are not finite.
        MissingExtraError: transformers is not installed.
    """
    register_task_classes()
    settings = _settings(model)
    tokenizer = _tokenizer(model)
    network = _network(model, settings)
    difference = _max_difference(model, network, tokenizer)
    network.config.auto_map = {"AutoModel": "modeling_nextword_task.NextwordTaskModel"}
    with no_progress_bar():
        network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    card = task_card(settings, name=name, split=split_of(model), card=model.card)
    (folder / "README.md").write_text(card, encoding="utf-8")
    return HuggingFaceTaskExport(num_parameters=network.num_parameters(), max_difference=difference)


def _settings(model: Tagger | Classifier) -> Values:
    """Return the arguments of `NextwordTaskConfig`."""
    if isinstance(model, Tagger):
        found = exported_labels(model.parts)
        return {
            **encoder_settings(model.parts.encoder, model.model.encoder),
            **_label_settings(found.labels),
            "label_decoder": model.parts.config.decoder,
            **found.settings,
        }
    parts = model.parts
    kind = "multi" if parts.config.multi_label else "single"
    return {
        **encoder_settings(parts.encoder, model.model.encoder),
        **_label_settings(model.labels),
        "pooling": parts.config.pooling,
        "max_words": parts.max_length,
        "ngram_table_size": ngram_sizes(model).get("table_size", 0),
        "problem_type": f"{kind}_label_classification",
    }


def _label_settings(labels: Sequence[str]) -> Values:
    return {
        "id2label": dict(enumerate(labels)),
        "label2id": {label: number for number, label in enumerate(labels)},
    }


def _tokenizer(model: Tagger | Classifier) -> Any:
    parts = model.parts.encoder
    return task_tokenizer(
        parts.vocabulary,
        split=split_of(model),
        characters=parts.config.characters != "none",
        ngrams=ngram_sizes(model),
        max_words=None if isinstance(model, Tagger) else model.parts.max_length,
    )


def _network(model: Tagger | Classifier, settings: Values) -> Any:
    classes = import_task_classes()
    config = classes.NextwordTaskConfig(**settings)
    if isinstance(model, Tagger):
        network, weights = classes.NextwordForTokenClassification(config), tagger_weights(model)
    else:
        network = classes.NextwordForSequenceClassification(config)
        weights = classifier_weights(model)
    missing, unexpected = network.load_state_dict(weights, strict=False)
    if missing or unexpected:
        raise ConfigError(f"weights do not fit: {missing} are missing, {unexpected} unexpected.")
    return network.eval()


@torch.no_grad()
def _max_difference(model: Tagger | Classifier, network: Any, tokenizer: Any) -> float:
    """Return the largest difference of scores on sentences of random words.

    Raises:
        FormatError: It is too large, or a score is not a number.
    """
    sentences = random_sentences(model.parts.encoder.vocabulary.words)
    inputs = tokenizer(sentences, is_split_into_words=True, padding=True, return_tensors="pt")
    device = next(model.model.parameters()).device
    if isinstance(model, Tagger):
        batch = model.parts.encoder.batcher().batch(sentences).to(device)
        mask = batch.mask().cpu()
        expected = model.model(batch).cpu()[mask]
        found: Tensor = network.classifier(network.model(**inputs).last_hidden_state)[mask]
    else:
        expected = model.model(model.parts.reader().batch(sentences).to(device)).cpu()
        found = network(**inputs).logits
    difference = float((found - expected).abs().max())
    if not difference <= _LARGEST_DIFFERENCE:
        raise FormatError(
            f"scores of labels computed by transformers differ by {difference:.2g} from those of "
            "the model.",
            help="Its weights may not be finite; evaluate the model with nextword.",
        )
    return difference
