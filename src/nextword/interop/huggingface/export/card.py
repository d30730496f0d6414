"""The model card of a folder for transformers."""

import re

from nextword.base import Values
from nextword.tokens import Tokenizer

#: The part of a model card of nextword that has its measurements.
_MEASURED = re.compile(r"^## How good it is\n+(```text\n.*?^```)\n+## ", re.MULTILINE | re.DOTALL)

_CARD = """---
library_name: transformers
pipeline_tag: text-generation
tags:
- nextword
- recurrent-neural-network
---
# {name}

A recurrent language model of {described}, trained with nextword.

## How to use it

```python
from transformers import AutoModelForCausalLM, AutoTokenizer

folder = "path/to/this/folder"
model = AutoModelForCausalLM.from_pretrained(folder, trust_remote_code=True)
tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=True)
inputs = tokenizer("{prompt}", return_tensors="pt")
print(tokenizer.decode(model.generate(**inputs, max_new_tokens=20)[0], skip_special_tokens=True))
```

`trust_remote_code=True` runs the Python files of this folder, which need torch and transformers
only. With nextword installed it is not needed: call
`nextword.interop.register_auto_classes()` first.

- The tokenizer puts the token {boundary} before each text; the model expects it.
- {line_ends}
- Pad batches on either side: padding does not change the logits of the tokens.
- The state has a fixed size, so generation takes constant memory for each token.
{measured}"""

_MEASUREMENTS = """
## How good it is

Measured by nextword when the model was trained:

{card}
"""

_WORD_ENDS = (
    "A line end is the token `</s>`, decoded as a line end. Generation continues after it; "
    "`generate(eos_token_id={end})` stops there."
)
_OTHER_ENDS = (
    "No token ends a text, so generation continues until `max_new_tokens`; "
    "`generate(stop_strings=[...], tokenizer=tokenizer)` stops earlier."
)


def huggingface_card(settings: Values, tokenizer: Tokenizer, *, name: str, card: str = "") -> str:
    """Return the model card as Markdown with YAML metadata.

    Args:
        settings: The result of `huggingface_settings`.
        tokenizer: The tokenizer of the model.
        name: Name of the model.
        card: The model card of nextword; its measurements are copied if it has some.
    """
    found = _MEASURED.search(card)
    ends = _WORD_ENDS.format(end=tokenizer.sentence_end_id)
    return _CARD.format(
        name=name,
        described=_described(settings, tokenizer),
        prompt="The",
        boundary=f"`{tokenizer.token_text(tokenizer.boundary_id)}`",
        line_ends=ends if tokenizer.has_line_end_token else _OTHER_ENDS,
        measured=_MEASUREMENTS.format(card=found[1]) if found else "",
    )


def _described(settings: Values, tokenizer: Tokenizer) -> str:
    number = settings["num_hidden_layers"]
    names = {"lstm": "LSTM", "gru": "GRU", "elman": "Elman"}
    sizes = sorted(set(settings.get("layer_sizes", [settings["hidden_size"]])), reverse=True)
    size = " and ".join(map(str, sizes))
    layers = f"{number} {names[settings['cell']]} {'layer' if number == 1 else 'layers'} of {size}"
    if settings.get("is_projected"):
        layers += f" projected to {settings['hidden_size']}"
    softmax = "an adaptive" if "cutoffs" in settings else "a full"
    return f"{layers} with {softmax} softmax; tokenizer {tokenizer.description}"
