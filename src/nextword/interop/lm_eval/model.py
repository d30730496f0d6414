"""The model class of lm-eval: log-likelihoods of texts, and greedy continuations."""

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Int64

from nextword.base import ConfigError, DataError, MissingExtraError
from nextword.generation import SamplingConfig, Session, generate_text, require_forward
from nextword.interop.loading import load_stored
from nextword.tokens import Tokenizer

try:
    from lm_eval.api.model import LM as _Base
except ImportError:
    _Base = object

_logger = logging.getLogger(__name__)

_MODEL_NAME = "nextword"
#: What lm-eval generates if a task does not say.
_DEFAULT_MAX_TOKENS = 256
#: Tokens of a continuation whose distributions are in memory at once.
_CHUNK_LENGTH = 64
#: Log-probabilities in nats that differ by less are equal.
_TIE = 1e-6


class LmEvalModel(_Base):
    """A nextword model for lm-eval.

    A text is read from the boundary token. Its line end is scored if the text contains it: the
    log-likelihood of a line and its newline is what `nextword score` prints.

    Args:
        path: Run folder, model folder, ARPA file, or `hf:NAME`.
        pretrained: Another name of `path`, as for other models of lm-eval.
        device: Device of a neural model; `cpu` when None.
        encoding: Encoding of the words of an ARPA file; UTF-8 when None.
        batch_size: Accepted because lm-eval passes it, and has no effect: texts with one context
            share its state instead.
        max_batch_size: Has no effect.

    Raises:
        CheckpointError: There is no such model, or it is damaged.
        ConfigError: No path is given, or the model reads lines backward.
        MissingExtraError: lm-eval is not installed.
    """

    def __init__(
        self,
        path: str | None = None,
        *,
        pretrained: str | None = None,
        device: str | None = None,
        encoding: str | None = None,
        batch_size: int | str | None = None,
        max_batch_size: int | None = None,
    ) -> None:
        if _Base is object:
            raise MissingExtraError(
                "the class LmEvalModel needs lm-eval, which is not installed.",
                help="pip install lm-eval",
            )
        super().__init__()
        name = pretrained if path is None else path
        if name is None:
            raise ConfigError("no model is named.", help="Pass --model_args path=RUN.")
        stored = load_stored(str(name), device=device or "cpu", encoding=encoding)
        require_forward(stored.tokenizer)
        self.model = stored.model
        self.tokenizer = stored.tokenizer
        self._name = str(name)

    @property
    def tokenizer_name(self) -> str:
        """Name of the tokenizer, for the caches of lm-eval."""
        return f"nextword-{self.tokenizer.fingerprint[:16]}"

    def loglikelihood(self, requests: Sequence[Any]) -> list[tuple[float, bool]]:
        """Return the log-probability of each continuation in nats, and whether it is greedy.

        Args:
            requests: Instances whose `args` are a context and a continuation.
        """
        by_context: dict[str, list[int]] = {}
        for number, request in enumerate(requests):
            by_context.setdefault(request.args[0], []).append(number)
        found: dict[int, tuple[float, bool]] = {}
        counts = _UnknownCount()
        for context, numbers in by_context.items():
            begins: dict[bytes, Session] = {}
            for number in numbers:
                continuation = requests[number].args[1]
                before, ids, unknown = split_ids(self.tokenizer, context, continuation=continuation)
                counts.add(unknown)
                if before.tobytes() not in begins:
                    session = Session(self.model)
                    session.feed([before.tolist()])
                    begins[before.tobytes()] = session
                found[number] = _score(begins[before.tobytes()].fork(), ids)
                self.cache_hook.add_partial("loglikelihood", requests[number].args, found[number])
        counts.log()
        return [found[number] for number in range(len(requests))]

    def loglikelihood_rolling(self, requests: Sequence[Any]) -> list[float]:
        """Return the log-probability of each text in nats; nothing is cut off.

        Args:
            requests: Instances whose `args` are a text.
        """
        found, counts = [], _UnknownCount()
        for request in requests:
            encoding = self.tokenizer.encode(request.args[0])
            counts.add(encoding.unknown)
            total = 0.0
            if len(encoding.ids):
                total = float(Session(self.model).score([encoding.ids.tolist()]).sum())
            found.append(total)
            self.cache_hook.add_partial("loglikelihood_rolling", request.args, total)
        counts.log()
        return found

    def generate_until(self, requests: Sequence[Any]) -> list[str]:
        """Return a continuation of each context, up to a stop text.

        Args:
            requests: Instances whose `args` are a context and settings: `until`, `max_gen_toks`,
                `do_sample`, `temperature`, `top_k`, `top_p`.
        """
        found = []
        for request in requests:
            context, settings = request.args
            pieces = generate_text(
                self.model,
                self.tokenizer,
                prompt=context,
                max_tokens=int(settings.get("max_gen_toks", _DEFAULT_MAX_TOKENS)),
                stop=_stop_texts(settings.get("until")),
                config=_sampling(settings),
            )
            text = "".join(piece.text for piece in pieces)
            found.append(text)
            self.cache_hook.add_partial("generate_until", request.args, text)
        return found


def register() -> None:
    """Register the model with lm-eval under the name `nextword`.

    Raises:
        MissingExtraError: lm-eval is not installed.
    """
    try:
        from lm_eval.api.registry import MODEL_REGISTRY, register_model
    except ImportError as error:
        raise MissingExtraError("lm-eval is not installed.", help="pip install lm-eval") from error
    import lm_eval.models  # noqa: F401

    if _MODEL_NAME not in MODEL_REGISTRY:
        register_model(_MODEL_NAME)(LmEvalModel)


def split_ids(
    tokenizer: Tokenizer, context: str, *, continuation: str
) -> tuple[Int64[np.ndarray, " before"], Int64[np.ndarray, " after"], np.ndarray]:
    """Return the ids of a context and of its continuation, and which of the latter are unknown.

    Both are encoded as one text. If a token reaches over the border, the texts are encoded one by
    one.

    Args:
        tokenizer: The tokenizer.
        context: The context, which may be empty.
        continuation: The continuation.

    Raises:
        DataError: The continuation has no tokens, or a text cannot be encoded.
    """
    # Blanks at the border belong to the continuation, as in lm-eval's own models.
    stripped = context.rstrip(" ")
    continuation = context[len(stripped) :] + continuation
    before, whole = tokenizer.encode(stripped), tokenizer.encode(stripped + continuation)
    size = len(before.ids)
    ids, unknown = whole.ids[size:], whole.unknown[size:]
    if not np.array_equal(whole.ids[:size], before.ids):
        alone = tokenizer.encode(continuation)
        ids, unknown = alone.ids, alone.unknown
    if not len(ids):
        raise DataError(
            f"the continuation {continuation!r} has no tokens.",
            help="A model of words does not see white space; use another task or tokenizer.",
        )
    return before.ids.astype(np.int64), ids.astype(np.int64), unknown


def _score(session: Session, ids: Int64[np.ndarray, " num_tokens"]) -> tuple[float, bool]:
    """Return the log-probability of ids, and whether each is the most probable one."""
    total, is_greedy = 0.0, True
    for start in range(0, len(ids), _CHUNK_LENGTH):
        chunk = ids[start : start + _CHUNK_LENGTH]
        log_probs = session.predict([chunk.tolist()])[0].numpy()
        chosen = log_probs[np.arange(len(chunk)), chunk]
        total += float(chosen.sum())
        is_greedy = is_greedy and bool((chosen >= log_probs.max(axis=1) - _TIE).all())
    return total, is_greedy


def _stop_texts(until: Any) -> tuple[str, ...]:
    if until is None:
        return ()
    texts = [until] if isinstance(until, str) else list(until)
    return tuple(text for text in texts if text)


def _sampling(settings: dict[str, Any]) -> SamplingConfig:
    temperature = float(settings.get("temperature", 0.0) or 0.0)
    if not settings.get("do_sample", temperature > 0.0):
        temperature = 0.0
    return SamplingConfig(
        temperature=temperature,
        top_k=settings.get("top_k") or None,
        top_p=settings.get("top_p"),
    )


class _UnknownCount:
    """Counts tokens outside the vocabulary, which make figures too good."""

    def __init__(self) -> None:
        self._num_tokens = self._num_unknown = 0

    def add(self, unknown: np.ndarray) -> None:
        self._num_tokens += len(unknown)
        self._num_unknown += int(np.count_nonzero(unknown))

    def log(self) -> None:
        if self._num_unknown:
            _logger.warning(
                "%s of %s scored tokens are outside the vocabulary; all count as <unk>, so "
                "log-likelihoods are too high",
                f"{self._num_unknown:,}",
                f"{self._num_tokens:,}",
            )
