"""Small models and texts that tests share: right ones, and ones with a planted fault."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from nextword.families import NetworkSpec, RegularizationConfig
from nextword.layers import EmbeddingConfig, OutputConfig
from nextword.models import LanguageModel, State
from nextword.tensors import Lengths, LogProbs, Mask, Nll, TokenIds
from nextword.text import Corpus, text_document
from nextword.tokens import (
    Direction,
    Tokenizer,
    TokenizerConfig,
    TokenizerKind,
    TokenStore,
    VocabularySpec,
    VocabularyTokenizer,
    build_store,
    train_tokenizer,
)
from nextword.tokens.config import Split


class ConstantModel(LanguageModel):
    """Gives the same distribution whatever it has read."""

    family = "constant"

    def __init__(
        self,
        probabilities: Sequence[float],
        *,
        boundary_id: int = 3,
        never_ids: tuple[int, ...] = (),
    ) -> None:
        super().__init__()
        self.log_probs = torch.tensor(probabilities, dtype=torch.float32).log()
        self.vocab_size = len(probabilities)
        self.boundary_id = boundary_id
        self.never_ids = never_ids

    @property
    def device(self) -> torch.device:
        return torch.device("cpu")

    @property
    def num_parameters(self) -> int:
        return self.vocab_size

    def tensors(self) -> dict[str, Tensor]:
        return {"log_probs": self.log_probs}

    def fingerprint(self) -> str:
        return f"{self.family} {self.log_probs.tolist()}"

    def initial_state(self, batch_size: int) -> State:
        memory = {"memory": torch.zeros((), dtype=torch.int64)}
        return State.fresh(memory, batch_size=batch_size, fingerprint=self.fingerprint)

    def next_log_probs(
        self, token_ids: TokenIds, state: State, lengths: Lengths | None = None
    ) -> tuple[LogProbs, State]:
        self.check_inputs(token_ids, state, lengths=lengths)
        num_new_tokens = token_ids.shape[1] if lengths is None else lengths
        log_probs = self.log_probs.expand(*token_ids.shape, -1)
        return log_probs, state.after(state.tensors, num_new_tokens=num_new_tokens)


def uniform_model(
    vocab_size: int, *, boundary_id: int = 3, never_ids: tuple[int, ...] = (0, 2)
) -> ConstantModel:
    """Every token that may come is equally probable."""
    share = 1.0 / (vocab_size - len(never_ids))
    probabilities = [0.0 if token_id in never_ids else share for token_id in range(vocab_size)]
    return ConstantModel(probabilities, boundary_id=boundary_id, never_ids=never_ids)


class HashModel(ConstantModel):
    """Its distribution hangs on everything it has read: any slip in the state changes it."""

    family = "hash"
    num_contexts = 10_007

    def __init__(
        self, vocab_size: int, *, boundary_id: int = 3, never_ids: tuple[int, ...] = (0, 2)
    ) -> None:
        super().__init__(
            [1.0 / vocab_size] * vocab_size, boundary_id=boundary_id, never_ids=never_ids
        )
        scores = torch.randn(
            self.num_contexts, vocab_size, generator=torch.Generator().manual_seed(vocab_size)
        )
        scores[:, list(never_ids)] = -torch.inf
        self.table = scores.log_softmax(-1)

    def next_log_probs(
        self, token_ids: TokenIds, state: State, lengths: Lengths | None = None
    ) -> tuple[LogProbs, State]:
        _, after = super().next_log_probs(token_ids, state, lengths)
        memory = state.tensors["memory"]
        log_probs = []
        for step in range(token_ids.shape[1]):
            moved = self.step(memory, token_ids[:, step])
            memory = moved if lengths is None else torch.where(step < lengths, moved, memory)
            log_probs.append(self.table[memory])
        return torch.stack(log_probs, 1), after.after({"memory": memory}, num_new_tokens=0)

    def step(self, memory: Tensor, token_ids: Tensor) -> Tensor:
        return (31 * memory + token_ids + 7) % self.num_contexts


class LeakyRows(HashModel):
    """Planted fault: what one row reads reaches the others."""

    def step(self, memory: Tensor, token_ids: Tensor) -> Tensor:
        alone = super().step(memory, token_ids)
        return (alone + alone.sum() - alone[0]) % self.num_contexts


class IgnoresLengths(HashModel):
    """Planted fault: steps beyond `lengths` are read and scored."""

    def nll(
        self,
        token_ids: TokenIds,
        target_ids: TokenIds,
        state: State,
        lengths: Lengths | None = None,
        mask: Mask | None = None,
    ) -> tuple[Nll, State]:
        return super().nll(token_ids, target_ids, state, None, mask)


class ForgetsBetweenCalls(HashModel):
    """Planted fault: every call begins as if nothing had been read."""

    def next_log_probs(
        self, token_ids: TokenIds, state: State, lengths: Lengths | None = None
    ) -> tuple[LogProbs, State]:
        return super().next_log_probs(token_ids, self.initial_state(state.batch_size), lengths)


class ModeProbe(HashModel, nn.Module):
    """A module that notes in which modes it is called: training, gradients, autocast."""

    def __init__(self, vocab_size: int) -> None:
        super().__init__(vocab_size)
        self.inner = nn.Dropout(0.5)
        self.modes: set[tuple[bool, bool, bool]] = set()

    def next_log_probs(
        self, token_ids: TokenIds, state: State, lengths: Lengths | None = None
    ) -> tuple[LogProbs, State]:
        training = self.training or self.inner.training
        self.modes.add((training, torch.is_grad_enabled(), torch.is_autocast_enabled("cpu")))
        return super().next_log_probs(token_ids, state, lengths)


def tokenizer_of(
    text: str = "",
    *,
    kind: TokenizerKind = "word",
    min_count: int | None = None,
    closed: bool = False,
    direction: Direction = "forward",
    split: Split = "whitespace",
    lowercase: bool = False,
) -> Tokenizer:
    """A tokenizer trained on a text; of kind word, open unless `closed`."""
    config = TokenizerConfig(kind=kind, min_count=min_count, direction=direction)
    if kind == "word":
        config = replace(
            config,
            min_count=min_count or 1,
            closed=closed,
            split=split,
            lowercase=lowercase,
        )
    return train_tokenizer(config, text.splitlines(keepends=True))


def store_of(tokenizer: Tokenizer, *documents: str) -> TokenStore:
    """Texts, one a document, as a token store in memory."""
    made = [text_document(text, name=str(number)) for number, text in enumerate(documents)]
    corpus = Corpus(description="made", open_documents=lambda: iter(made))
    return build_store(corpus, tokenizer, folder=None)


def random_text(num_lines: int, *, seed: int = 0, longest: int = 12, num_words: int = 20) -> str:
    """Lines of made-up words, of very different lengths, empty ones among them."""
    generator = np.random.default_rng(seed)
    lines = [
        " ".join(f"w{word}" for word in generator.integers(num_words, size=length))
        for length in generator.integers(0, longest + 1, size=num_lines)
    ]
    return "\n".join(lines) + "\n"


def vocabulary_spec(
    vocab_size: int = 7, *, boundary_id: int = 1, never_ids: tuple[int, ...] = (0,)
) -> VocabularySpec:
    return VocabularySpec(
        vocab_size=vocab_size,
        boundary_id=boundary_id,
        start_id=VocabularyTokenizer.sentence_start_id,
        never_ids=never_ids,
    )


def network_spec(
    vocab_size: int = 7,
    *,
    boundary_id: int = 1,
    never_ids: tuple[int, ...] = (0,),
    regularization: RegularizationConfig | None = None,
    embedding: EmbeddingConfig | None = None,
    output: OutputConfig | None = None,
    backend: str = "auto",
) -> NetworkSpec:
    """What a network is built from: the defaults, but for what is given."""
    return NetworkSpec(
        vocabulary=vocabulary_spec(vocab_size, boundary_id=boundary_id, never_ids=never_ids),
        regularization=regularization or RegularizationConfig(),
        embedding=embedding or EmbeddingConfig(),
        output=output or OutputConfig(),
        backend=backend,
    )
