"""Search in batches: sources in, hypotheses out, in input order and in bounded memory."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import torch

from nextword.batches import predict_in_order
from nextword.layers import SourceMemory
from nextword.tasks.decoding import DecoderState, Ids
from nextword.tasks.decoding.search import (
    Hypothesis,
    SearchConfig,
    SearchSources,
    TargetLanguageModel,
    search,
)
from nextword.tasks.transduction.batch import SourceIds
from nextword.tasks.transduction.data import padded_sources
from nextword.tasks.transduction.network import EncoderDecoder, TransducerParts
from nextword.tensors import Lengths

#: Number of sources that are read ahead, to batch those of similar length.
READ_AHEAD = 1024
#: Largest number of source tokens in a batch, counted for each row of the beam.
_MAX_TOKENS = 1 << 16


@dataclass(frozen=True, kw_only=True)
class TransductionSearch:
    """One or more models, and how their targets are searched for.

    Attributes:
        parts: Vocabularies and settings of the first model; all models have the same symbols.
        models: The networks, in evaluation mode.
        config: The settings of the search.
        language_model: A language model for shallow fusion; none when None.
        batch_size: Largest number of sources in a batch.
    """

    parts: TransducerParts
    models: Sequence[EncoderDecoder]
    config: SearchConfig
    language_model: TargetLanguageModel | None = None
    batch_size: int = 64

    def predict(
        self,
        sources: Iterable[Ids],
        *,
        with_alignment: bool = False,
        read_ahead: int = READ_AHEAD,
    ) -> Iterator[list[Hypothesis]]:
        """Iterate over the best targets of sources, in their order and in bounded memory.

        Args:
            sources: Token ids of each source, without start and end tokens.
            with_alignment: Whether to return the attention weights.
            read_ahead: Number of sources that are read before the first result is returned, to
                batch those of similar length.
        """
        return predict_in_order(
            sources,
            partial(self._search, with_alignment=with_alignment),
            # Start and end tokens count, in each row of the beam.
            size=lambda ids: (len(ids) + 2) * self.config.beam_size,
            batch_size=self.batch_size,
            max_batch_size=_MAX_TOKENS,
            read_ahead=read_ahead,
        )

    def _search(self, sources: Sequence[Ids], *, with_alignment: bool) -> list[list[Hypothesis]]:
        source_ids, lengths = padded_sources(sources, self.parts.source)
        device, target = self.models[0].device, self.parts.target
        return search(
            SearchSources(
                decoders=[model.decoder for model in self.models],
                encoded=self._encode(source_ids.to(device), lengths.to(device)),
                limits=self._limits(sources).to(device),
            ),
            config=self.config,
            start_id=target.tokenizer.sentence_start_id,
            end_id=target.tokenizer.sentence_end_id,
            banned_ids=target.banned_ids,
            language_model=self.language_model,
            with_alignment=with_alignment,
        )

    @torch.no_grad()
    def _encode(
        self, source_ids: SourceIds, lengths: Lengths
    ) -> list[tuple[SourceMemory, DecoderState]]:
        return [model.encode(source_ids, lengths) for model in self.models]

    def _limits(self, sources: Sequence[Ids]) -> Lengths:
        """Return the maximum number of target tokens of each source, (batch)."""
        longest = self.config.max_length
        limits = [longest or self.parts.lengths.limit(len(ids)) for ids in sources]
        return torch.tensor(limits, dtype=torch.int64)
