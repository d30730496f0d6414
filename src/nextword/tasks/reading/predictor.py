"""Prediction in batches: questions in, answers out, in input order and in bounded memory."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float64

from nextword.base import DataError, FormatError
from nextword.batches import predict_in_order
from nextword.tasks.decoding.search import Hypothesis, SearchConfig, SearchSources, search
from nextword.tasks.encoding import Batcher
from nextword.tasks.reading.encoded import EncodedItem, batch_items, candidate_batch, encode_item
from nextword.tasks.reading.files import Item
from nextword.tasks.reading.network import Attended, Encoded, ReadingModel
from nextword.tasks.reading.network.answers import (
    CandidateBatch,
    CandidateHead,
    FoundCandidate,
    FoundSpan,
    FreeHead,
    SpanHead,
)
from nextword.tasks.reading.parts import ReaderParts
from nextword.tasks.reading.words import Words

#: Number of questions that are read ahead, to batch those with passages of similar length.
READ_AHEAD = 1024
#: Largest number of words in a batch with padding; a longer passage is a batch of its own.
_MAX_WORDS = 1 << 14
#: Number of distinct words from which the table of words is cleared.
_MAX_TABLE = 1 << 16


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer that was found for a question.

    Attributes:
        text: The answer.
        log_prob: log p(answer | passage, question, history), nats.
        span: First character in the passage and the one after the last; None unless answers are
            spans.
        is_cut: Whether a written answer was ended because it reached its maximum length.
        words: The words of the passage.
        attention: Attention of each hop to these words, (hops, words).
    """

    text: str
    log_prob: float
    span: tuple[int, int] | None = None
    is_cut: bool = False
    words: Words
    attention: Float64[np.ndarray, "hops words"]


@dataclass(frozen=True, kw_only=True)
class ReadingPredictor:
    """A model, and how its answers are searched for.

    Attributes:
        parts: Vocabularies and settings.
        model: The network, in evaluation mode.
        batcher: Turns words into batches; not that of training, because its table is cleared.
        search: The search for written answers.
        batch_size: Largest number of questions in a batch.
    """

    parts: ReaderParts
    model: ReadingModel
    batcher: Batcher
    search: SearchConfig = field(default_factory=SearchConfig)
    batch_size: int = 64

    def predict(self, items: Iterable[Item], *, read_ahead: int = READ_AHEAD) -> Iterator[Answer]:
        """Iterate over the answers to questions, in their order.

        Args:
            items: The questions.
            read_ahead: Number of questions that are read before the first answer is returned.

        Raises:
            DataError: A passage or a question has no word, or a question has no candidates.
            FormatError: A log-probability is not finite, because weights are not.
        """
        return predict_in_order(
            items,
            self._predict_batch,
            size=lambda item: len(item.passage) // 4 + 1,
            batch_size=self.batch_size,
            max_batch_size=_MAX_WORDS,
            read_ahead=read_ahead,
        )

    @torch.no_grad()
    def _predict_batch(self, items: list[Item]) -> list[Answer]:
        if len(self.batcher.table) > _MAX_TABLE:
            self.batcher.table.clear()
        encoded = [self._encode(item) for item in items]
        device = next(self.model.parameters()).device
        candidates = None
        if self.parts.config.answer == "candidate":
            candidates = candidate_batch(encoded, self.batcher).to(device)
        batch = batch_items(encoded, self.batcher).to(device)
        passage, attended = self.model(batch)
        weights = attended.passage_weights.double().cpu().numpy()
        found = self._find(passage, attended, candidates)
        if not np.isfinite([each.log_prob for each in found]).all():
            raise FormatError(
                "the log-probability of an answer is not finite; the model has weights that are "
                "not.",
                help="Train the model again.",
            )
        return [
            self._answer(each, item, source, weights[row, :, : len(item.passage)])
            for row, (each, item, source) in enumerate(zip(found, encoded, items, strict=True))
        ]

    def _encode(self, item: Item) -> EncodedItem:
        candidates: Sequence[str] = ()
        if self.parts.config.answer == "candidate":
            candidates = item.candidates or self.parts.answers
            if not candidates:
                raise DataError(
                    f"{item.place}: the question has no candidates, and all training questions "
                    "had candidates of their own.",
                    help="Give the candidates of every question.",
                )
        return encode_item(
            item, self.batcher, candidates=candidates, symbols=self.parts.copied_symbols
        )

    def _find(
        self, passage: Encoded, attended: Attended, candidates: CandidateBatch | None
    ) -> Sequence[FoundSpan | FoundCandidate | Hypothesis]:
        head = self.model.head
        if isinstance(head, SpanHead):
            return head.find(passage, attended)
        if isinstance(head, CandidateHead):
            assert candidates is not None  # made for this kind of answer
            return head.find(passage, attended, candidates=candidates)
        assert isinstance(head, FreeHead)  # there are three kinds
        return self._write(head, passage, attended)

    def _write(self, head: FreeHead, passage: Encoded, attended: Attended) -> list[Hypothesis]:
        symbols = self.parts.symbols
        assert symbols is not None  # written answers have symbols
        lengths = passage.lengths.tolist()
        limits = [self.search.max_length or self.parts.lengths.limit(each) for each in lengths]
        found = search(
            SearchSources(
                decoders=[head.decoder],
                encoded=[head.start(passage, attended)],
                limits=torch.tensor(limits, device=passage.lengths.device),
            ),
            config=self.search,
            start_id=symbols.tokenizer.sentence_start_id,
            end_id=symbols.tokenizer.sentence_end_id,
            banned_ids=symbols.banned_ids,
        )
        return [ranked[0] for ranked in found]

    def _answer(
        self,
        found: FoundSpan | FoundCandidate | Hypothesis,
        item: EncodedItem,
        source: Item,
        attention: Float64[np.ndarray, "hops words"],
    ) -> Answer:
        words, span, is_cut = item.passage, None, False
        if isinstance(found, FoundSpan):
            text = words.between(found.first, found.last)
            span = (int(words.places[found.first, 0]), int(words.places[found.last, 1]))
        elif isinstance(found, FoundCandidate):
            text = (source.candidates or self.parts.answers)[found.index]
        else:
            assert self.parts.symbols is not None  # written answers have symbols
            text, is_cut = self.parts.symbols.decode(found.token_ids), found.is_cut
        return Answer(
            text=text,
            log_prob=found.log_prob,
            span=span,
            is_cut=is_cut,
            words=words,
            attention=attention,
        )
