"""What the engine reports of a session: its state after reading, and after sampling."""

import torch
from torch import Tensor

from nextword.base import FormatError
from nextword.generation import FinishReason, Session
from nextword.serving.engine import SampledToken
from nextword.serving.http import WaitedListener
from nextword.serving.openai import SampleText
from nextword.serving.sessions.store import Snapshot


def snapshot_of(session: Session) -> Snapshot:
    """Return a serialized session with one row."""
    return Snapshot(
        data=session.to_bytes(),
        num_tokens=int(session.num_tokens[0]),
        last_id=int(session.last_ids[0]),
    )


def uploaded_snapshot(session: Session) -> Snapshot:
    """Return the snapshot of a session that a client has sent.

    Raises:
        FormatError: It has several rows, or numbers that are not finite.
    """
    if session.num_rows != 1:
        raise FormatError(f"the session has {session.num_rows} rows; one is expected.")
    if bool(session.log_probs.isnan().any()):
        raise FormatError("the session is damaged: its state gives NaN.")
    return snapshot_of(session)


class ReadListener(WaitedListener):
    """Keeps the state of a session after a text, and the log-probabilities of its tokens.

    Attributes:
        snapshot: The state; None before the text is read.
        log_probs: Log-probabilities of the tokens, in nats, if they are scored.
    """

    def __init__(self) -> None:
        super().__init__()
        self.snapshot: Snapshot | None = None
        self.log_probs: list[float] = []

    def on_prompt(self, token_ids: Tensor, log_probs: Tensor) -> None:
        """Keep log-probabilities."""
        chosen = log_probs.gather(1, token_ids[:, None]).squeeze(1)
        self.log_probs += torch.as_tensor(chosen).tolist()

    def on_read(self, session: Session) -> None:
        """Keep the state."""
        self.snapshot = snapshot_of(session)


class SampleListener(WaitedListener):
    """Decodes a sample, and keeps the state of the session after it.

    Args:
        text: Decodes the sample.

    Attributes:
        snapshot: The state after the sample, if it is kept.
        text: The whole text.
        reason: `stop` or `length`.
        num_sampled: Number of sampled tokens.
        log_prob: Their log-probability under the model, in nats.
    """

    def __init__(self, text: SampleText) -> None:
        super().__init__()
        self._text = text
        self.snapshot: Snapshot | None = None
        self.text = ""
        self.reason: FinishReason = "length"
        self.num_sampled = 0
        self.log_prob = 0.0

    def on_token(self, token: SampledToken) -> bool:
        """Decode a token."""
        self.num_sampled += 1
        self.log_prob += token.log_prob
        return self._text.feed(token, with_entry=False)

    def on_finish(self, sample: int, reason: FinishReason, *, session: Session | None) -> None:
        """Keep the text and the state."""
        piece = self._text.finish(reason)
        self.text, self.reason = piece.text, piece.finish_reason or reason
        self.snapshot = None if session is None else snapshot_of(session)
