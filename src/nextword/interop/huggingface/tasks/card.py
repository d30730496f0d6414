"""The model card of a tagger or classifier for transformers."""

import re

from nextword.base import Values

#: The part of a model card of nextword that has its scores.
_MEASURED = re.compile(r"^## How good it is\n+(.*?)\n+## ", re.MULTILINE | re.DOTALL)

_CARD = """---
library_name: transformers
pipeline_tag: {pipeline}
tags:
- nextword
- recurrent-neural-network
---
# {name}

A {title} with {num_labels} labels: {described}, trained with nextword.

## How to use it

```python
from transformers import pipeline

predict = pipeline("{pipeline}", model="path/to/this/folder", trust_remote_code=True)
print(predict("{example}"))
```

`trust_remote_code=True` runs the Python files of this folder, which need torch and transformers
only. With nextword installed it is not needed: call
`nextword.interop.register_auto_classes()` first.

- {words}
- Pad batches on either side: padding does not change the logits of the words.
- {logits}
{measured}"""

_MEASUREMENTS = """
## How good it is

Measured by nextword when the model was trained.

{scores}
"""

_BEST = (
    "The labels of a sentence are scored together by a conditional random field. The logit of a "
    "label is the log-probability of the best label sequence with this label at this word, minus "
    "that of the best sequence of all. So the label with the largest logit is that of the most "
    "probable sequence, and the scores of `pipeline` are not probabilities. With "
    '`model.config.crf_logits = "marginal"` the softmax of the logits is the probability of each '
    "label, and the labels of a sentence need not fit together."
)
_SOFTMAX = "The softmax of the logits is the probability of each label."
_SIGMOID = (
    "A text may have several labels, each with a probability of its own: the sigmoid of its logit."
)
_SPLITS = {
    "blanks": "A text is split into words at blanks.",
    "punctuation": "A text is split into words at blanks and around punctuation.",
    "characters": "Each character of a text but blanks is a word.",
}


def task_card(settings: Values, *, name: str, split: str, card: str) -> str:
    """Return the model card as Markdown with YAML metadata.

    Args:
        settings: The arguments of `NextwordTaskConfig`.
        name: Name of the model.
        split: How a text is split into words.
        card: The model card of nextword; its scores are copied if it has some.
    """
    found = _MEASURED.search(card)
    has_scores = found is not None and "```" in found[1]
    is_tagger = "label_decoder" in settings
    logits = _BEST if settings.get("label_decoder") == "crf" else _SOFTMAX
    if settings.get("problem_type") == "multi_label_classification":
        logits = _SIGMOID
    return _CARD.format(
        name=name,
        pipeline="token-classification" if is_tagger else "text-classification",
        title="tagger" if is_tagger else "text classifier",
        num_labels=len(settings["id2label"]),
        described=_described(settings),
        example="The books were lost ." if is_tagger else "What a lovely film!",
        words=_SPLITS[split] + (" Give it a tokenized text." if is_tagger else ""),
        logits=logits,
        measured=_MEASUREMENTS.format(scores=found[1]) if found and has_scores else "",
    )


def _described(settings: Values) -> str:
    number = settings["num_hidden_layers"]
    cell = {"lstm": "LSTM", "gru": "GRU", "elman": "Elman"}[settings["cell"]]
    ways = "bidirectional" if settings["bidirectional"] else "forward"
    layers = f"{number} {ways} {cell} {'layer' if number == 1 else 'layers'}"
    parts = [f"{layers} of {settings['hidden_size']}"]
    if settings["word_embedding_size"]:
        parts.append(f"{settings['vocab_size'] - 1:,} word embeddings")
    if settings["characters"] != "none":
        parts.append("features of characters")
    if settings.get("ngram_table_size"):
        parts.append("hashed n-grams")
    if settings.get("label_decoder") == "crf":
        parts.append("a conditional random field")
    return ", ".join(parts)
