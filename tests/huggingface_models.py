"""Tiny models of transformers with random weights, and a tokenizer; saved as it saves its own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import tokenizers
import torch
from tokenizers import decoders, pre_tokenizers

from nextword.interop import HuggingFaceTokenizer
from nextword.interop.huggingface import (
    CausalModel,
    HuggingFaceLanguageModel,
    RecurrentHuggingFaceModel,
    WindowedHuggingFaceModel,
    is_recurrent,
)

END = "<|endoftext|>"
CONTEXT_SIZE = 8
#: Ids that the weights know beyond the tokenizer's, as many published models have some.
NUM_UNUSED = 3


def backend() -> tokenizers.Tokenizer:
    """A byte-level tokenizer with a few merges, one of them over a line end, as GPT-2 has."""
    signs = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = [("h", "e"), ("Ġ", "t"), ("Ġt", "he"), ("Ċ", "Ċ")]
    tokens = [END, *signs, *(first + second for first, second in merges)]
    made = tokenizers.Tokenizer(
        tokenizers.models.BPE({token: number for number, token in enumerate(tokens)}, merges)
    )
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens([END])
    return made


VOCAB_SIZE = backend().get_vocab_size() + NUM_UNUSED


def tokenizer() -> HuggingFaceTokenizer:
    return HuggingFaceTokenizer(backend(), vocab_size=VOCAB_SIZE, boundary_id=0, sentence_end_id=0)


def network(architecture: str, *, seed: int = 0, vocab_size: int = VOCAB_SIZE) -> Any:
    """One of each kind: absolute positions, rotary ones, a band; two recurrent ones, a mixture."""
    import transformers

    ids = {"vocab_size": vocab_size, "bos_token_id": 0, "eos_token_id": 0}
    sizes = {"hidden_size": 8, "num_hidden_layers": 2}
    configs: dict[str, Callable[[], Any]] = {
        "gpt2": lambda: transformers.GPT2Config(
            n_positions=CONTEXT_SIZE, n_embd=8, n_layer=2, n_head=2, **ids
        ),
        "llama": lambda: transformers.LlamaConfig(
            max_position_embeddings=CONTEXT_SIZE,
            intermediate_size=8,
            num_attention_heads=2,
            **sizes,
            **ids,
        ),
        "mistral": lambda: transformers.MistralConfig(
            max_position_embeddings=CONTEXT_SIZE,
            sliding_window=4,
            intermediate_size=8,
            num_attention_heads=2,
            num_key_value_heads=2,
            **sizes,
            **ids,
        ),
        "mamba": lambda: transformers.MambaConfig(state_size=4, **sizes, **ids),
        "rwkv": lambda: transformers.RwkvConfig(
            attention_hidden_size=8, context_length=CONTEXT_SIZE, **sizes, **ids
        ),
        "jamba": lambda: transformers.JambaConfig(
            max_position_embeddings=CONTEXT_SIZE,
            intermediate_size=8,
            num_attention_heads=2,
            num_key_value_heads=2,
            attn_layer_period=2,
            attn_layer_offset=1,
            num_experts=1,
            mamba_d_state=4,
            **sizes,
            **ids,
        ),
    }
    made = transformers.AutoModelForCausalLM.from_config(configs[architecture]())
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.normal_(std=0.3, generator=generator)
    return made.eval()


def model(architecture: str, *, seed: int = 0, stride: int = 3) -> HuggingFaceLanguageModel:
    """One behind our contract; in float64, but for those that compute in float32 anyway."""
    made = network(architecture, seed=seed)
    causal = CausalModel(made.double() if architecture in ("gpt2", "llama") else made)
    if is_recurrent(causal):
        return RecurrentHuggingFaceModel(causal, boundary_id=0)
    return WindowedHuggingFaceModel(causal, boundary_id=0, context_size=CONTEXT_SIZE, stride=stride)


def save(folder: Path, architecture: str = "gpt2", *, vocab_size: int = VOCAB_SIZE) -> Path:
    """Save weights and tokenizer to a folder."""
    import transformers

    network(architecture, vocab_size=vocab_size).save_pretrained(folder)
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=backend(), bos_token=END, eos_token=END
    ).save_pretrained(folder)
    return folder


def word_pieces(words: str) -> tokenizers.Tokenizer:
    """A tokenizer as BERT has one: the given words, and every letter by itself."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words.split()]
    tokens += [*letters, *(f"##{letter}" for letter in letters), "."]
    vocabulary = {token: number for number, token in enumerate(dict.fromkeys(tokens))}
    made = tokenizers.Tokenizer(tokenizers.models.WordPiece(vocabulary, unk_token="[UNK]"))
    made.normalizer = tokenizers.normalizers.BertNormalizer()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = tokenizers.processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    made.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    return made


def save_bert(folder: Path, *, words: str = "the cat dog", num_positions: int = 16) -> Path:
    """Save a tiny BERT with random weights, and its tokenizer, to a folder."""
    import transformers

    backend = word_pieces(words)
    config = transformers.BertConfig(
        vocab_size=backend.get_vocab_size(),
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=8,
        max_position_embeddings=num_positions,
    )
    torch.manual_seed(0)
    network = transformers.BertModel(config)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.normal_(std=0.3)
    network.save_pretrained(folder)
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=backend,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        model_max_length=num_positions,
    ).save_pretrained(folder)
    return folder
