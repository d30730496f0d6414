"""From what the engine reports of a prompt to the parts of its choices."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from nextword.generation import FinishReason, Session
from nextword.serving.engine import SampledToken, TopTokens
from nextword.serving.http import WaitedListener
from nextword.serving.openai.prompts import Prompt
from nextword.serving.openai.samples import Piece, SampleText, TokenEntry, top_texts
from nextword.tokens import Tokenizer


class PromptListener(WaitedListener):
    """Decodes the samples of a prompt on the worker thread.

    Args:
        tokenizer: The tokenizer.
        prompt: The prompt.
        first_index: Index of the choice of the first sample.
        num_samples: Number of samples.
        stop: The stop strings.
        echo: Whether each choice begins with the prompt.
        num_top: Number of most probable tokens in the entries; None for no entries.
        is_read_only: Whether nothing is sampled.
        on_piece: Called in the event loop with every part as soon as it is ready. When None, the
            parts are kept until the end, which costs less.

    Attributes:
        pieces: All parts, if they are kept.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        *,
        prompt: Prompt,
        first_index: int,
        num_samples: int,
        stop: Sequence[str],
        echo: bool,
        num_top: int | None,
        is_read_only: bool,
        on_piece: Callable[[Piece], None] | None = None,
    ) -> None:
        super().__init__()
        self._tokenizer = tokenizer
        self._prompt = prompt
        self._first_index = first_index
        self._echo = echo
        self._num_top = num_top
        self._is_read_only = is_read_only
        self._on_piece = on_piece
        self._prompt_log_probs: list[tuple[float, TopTokens | None]] = []
        self._samples = [
            SampleText(
                tokenizer,
                prompt=prompt,
                stop=stop,
                index=first_index + number,
                offset=len(prompt.text) if echo else 0,
            )
            for number in range(num_samples)
        ]
        self.pieces: list[Piece] = []

    @property
    def num_sampled(self) -> int:
        """Number of tokens of all samples."""
        return sum(sample.num_tokens for sample in self._samples)

    def on_prompt(self, token_ids: Tensor, log_probs: Tensor) -> None:
        """Keep the log-probabilities of a part of the prompt."""
        chosen = log_probs.gather(1, token_ids[:, None]).squeeze(1).tolist()
        num_top = min(self._num_top or 0, log_probs.shape[1])
        if not num_top:
            self._prompt_log_probs += [(value, None) for value in chosen]
            return
        values, ids = torch.topk(log_probs, num_top)
        self._prompt_log_probs += [
            (value, TopTokens(token_ids=tuple(found), log_probs=tuple(highest)))
            for value, found, highest in zip(chosen, ids.tolist(), values.tolist(), strict=True)
        ]

    def on_read(self, session: Session) -> None:
        """Emit the prompt, if it is echoed."""
        if not self._echo:
            return
        entries = [] if self._num_top is None else self._prompt_entries()
        for number in range(len(self._samples)):
            self._emit(
                Piece(
                    index=self._first_index + number,
                    text=self._prompt.text,
                    entries=entries,
                    finish_reason="length" if self._is_read_only else None,
                )
            )

    def on_token(self, token: SampledToken) -> bool:
        """Decode a token, and return whether its sample ends."""
        sample = self._samples[token.sample]
        is_stopped = sample.feed(token, with_entry=self._num_top is not None)
        if self._on_piece is not None and sample.has_text and not is_stopped:
            self._emit(sample.take())
        return is_stopped

    def on_finish(self, sample: int, reason: FinishReason, *, session: Session | None) -> None:
        """Emit the rest of a sample."""
        self._emit(self._samples[sample].finish(reason))

    def _prompt_entries(self) -> list[TokenEntry]:
        """Return the entries of the prompt, the first one without a log-probability."""
        scored: list[tuple[float | None, TopTokens | None]] = list(self._prompt_log_probs)
        if self._prompt.has_boundary:
            scored.insert(0, (None, None))
        entries = []
        triples = zip(self._prompt.ids, self._prompt.offsets, scored, strict=True)
        for number, (token_id, offset, (log_prob, top)) in enumerate(triples):
            is_shown = number > 0 and log_prob is not None
            entries.append(
                TokenEntry(
                    token=self._tokenizer.token_text(token_id),
                    log_prob=log_prob if is_shown else None,
                    top=top_texts(self._tokenizer, top, token_id=token_id, log_prob=log_prob)
                    if is_shown and log_prob is not None
                    else None,
                    offset=offset,
                )
            )
        return entries

    def _emit(self, piece: Piece) -> None:
        if self._on_piece is None:
            self.pieces.append(piece)
        else:
            self.in_loop(self._on_piece, piece)
