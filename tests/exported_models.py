"""Small networks with tokenizers of every kind, to be exported to other programs."""

from pathlib import Path
from typing import Any

import nextword as nw
from families import Case
from nextword.api import untrained_model
from nextword.base import Values, encode
from nextword.families import RecurrentConfig
from nextword.text import Corpus, text_document

TEXT = (
    "the cat sat on the mat , said (the) dog .\nit's 1,000 -- no? </a>\n\n"
    "Yes! an «été» foo</s>bar\n"
)

#: A case of each family that transformers and ONNX files cannot hold.
OTHER_FAMILIES = (
    "maxent-elman-1",
    "window-1-tied",
    "convolutional-max-1",
    "transformer-2",
    "ngram-2-kneser_ney",
    "mixture-linear",
    "cache-lstm",
)


def network(
    cell: str = "lstm", *, name: str = "runs/mine/model", card: str = "", **settings: Any
) -> nw.Model:
    """A network with random weights in float32, over five words."""
    case_settings = {
        key: settings.pop(key)
        for key in ("output", "embedding", "regularization", "kind")
        if key in settings
    }
    sizes: dict[str, Any] = {"hidden_size": 6, "num_layers": 2, **settings}
    case = Case(RecurrentConfig(cell=cell, **sizes), **case_settings)
    config: Values = {"model": encode(case.model)}
    return nw.Model.of(
        case.build(1).float(), case.tokenizer, config=config, path=Path(name), card=card
    )


def tokenized(kind: str, **settings: Any) -> nw.Model:
    """A network over the tokens of a text with signs, line ends and accents."""
    document = text_document(TEXT * 20, name="text")
    corpus = Corpus(description="text", open_documents=lambda: iter([document]))
    return untrained_model(
        "lstm-small",
        corpus,
        settings=[
            {"model": {"hidden_size": 12}, "tokenizer": {"kind": kind, **settings}},
        ],
    )


__all__ = ["TEXT", "network", "tokenized"]
