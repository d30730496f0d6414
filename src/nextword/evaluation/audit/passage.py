"""The token ids that an audit evaluates: a few short rows, from a text or random.

Three rows of 21 tokens are enough, because the checks compare neighbouring rows, steps and calls.
An audit therefore takes seconds for any vocabulary size. A model with a limited context window
first reads enough tokens to fill it, so that the window slides during the scored steps. Knows
nothing of checks.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Int64, Integer
from torch import Tensor

from nextword.base import DataError
from nextword.evaluation.audit.run_texts import RunTexts
from nextword.models import LanguageModel
from nextword.tensors import Lengths
from nextword.tokens import TokenStore

NUM_ROWS = 3
_NUM_BEFORE, _NUM_STEPS, _NUM_AFTER = 5, 12, 4
#: Context windows are filled up to this many tokens; filling longer ones would take minutes.
_LONGEST_BEFORE = 256
#: Smallest number of tokens in a text. The rows cut from it may overlap.
MIN_TEXT_TOKENS = _NUM_BEFORE + _NUM_STEPS + _NUM_AFTER


@dataclass(frozen=True, kw_only=True)
class Passage:
    """Rows of token ids, cut into three parts.

    Attributes:
        description: Where the ids come from, for the report.
        before: Ids read first, so that states are not initial and windows are full, (rows, before).
        token_ids: Ids that are scored, (rows, 12).
        target_ids: The id that follows each of `token_ids`, (rows, 12).
        after: Ids scored from two states in order to compare the states, (rows, 4).
    """

    description: str
    before: Int64[Tensor, "rows before"]
    token_ids: Int64[Tensor, "rows steps"]
    target_ids: Int64[Tensor, "rows steps"]
    after: Int64[Tensor, "rows after"]

    @property
    def num_steps(self) -> int:
        """Number of scored steps in each row."""
        return self.token_ids.shape[1]

    @property
    def lengths(self) -> Lengths:
        """Lengths of a full row, a half row and an empty row, (rows)."""
        return torch.tensor([self.num_steps, self.num_steps // 2, 0], device=self.token_ids.device)


def random_passage(model: LanguageModel, *, seed: int) -> Passage:
    """Return random ids for a model.

    Args:
        model: The model that will read them. The ids are on its device.
        seed: Seed of the random generator.

    Returns:
        Rows in which any id may be read, and only ids that the model may predict are targets.
    """
    generator = torch.Generator().manual_seed(seed)
    allowed = torch.tensor(sorted({*range(model.vocab_size)} - {*model.never_ids}))

    def draw(num_steps: int) -> Int64[Tensor, "rows steps"]:
        return torch.randint(model.vocab_size, (NUM_ROWS, num_steps), generator=generator)

    return Passage(
        description=f"random ids, seed {seed}",
        before=draw(_num_before(model)).to(model.device),
        token_ids=draw(_NUM_STEPS).to(model.device),
        target_ids=allowed[draw(_NUM_STEPS) % len(allowed)].to(model.device),
        after=draw(_NUM_AFTER).to(model.device),
    )


def text_passage(
    token_ids: Integer[np.ndarray, " num_tokens"], model: LanguageModel, *, text: str, seed: int
) -> Passage:
    """Return rows cut from random places of a text.

    Args:
        token_ids: The encoded text.
        model: The model that will read the rows. The ids are on its device.
        text: Name of the text in the report.
        seed: Seed of the random places.

    Raises:
        DataError: The text has fewer than `MIN_TEXT_TOKENS` tokens.
    """
    if len(token_ids) < MIN_TEXT_TOKENS:
        raise DataError(
            f"{text} has {len(token_ids)} tokens; an audit needs at least {MIN_TEXT_TOKENS}.",
            help="Give a longer text, or leave it out; the audit then uses held-out text of the "
            "run, or random ids.",
        )
    num_before = min(_num_before(model), len(token_ids) - _NUM_STEPS - _NUM_AFTER)
    scored_end = num_before + _NUM_STEPS
    num_tokens = scored_end + _NUM_AFTER
    generator = np.random.default_rng(seed)
    starts = generator.integers(len(token_ids) - num_tokens + 1, size=NUM_ROWS)
    rows = np.stack([token_ids[start : start + num_tokens] for start in starts])
    ids = torch.from_numpy(rows.astype(np.int64)).to(model.device)
    return Passage(
        description=f"{NUM_ROWS} rows of {text}, seed {seed}",
        before=ids[:, :num_before],
        token_ids=ids[:, num_before:scored_end],
        target_ids=ids[:, num_before + 1 : scored_end + 1],
        after=ids[:, scored_end:],
    )


def _num_before(model: LanguageModel) -> int:
    """Return the number of tokens read first: the model's context window, and 5 more.

    With 5 more tokens, a model that re-encodes its window at intervals is between two of them.
    """
    return min(model.context_size or 0, _LONGEST_BEFORE) + _NUM_BEFORE


def choose_passage(
    model: LanguageModel,
    *,
    texts: RunTexts | None,
    store: TokenStore | None = None,
    text: str = "",
    seed: int = 0,
) -> Passage:
    """Return rows of the given text, else of a text of the run, else of random ids.

    A text is better than random ids for n-gram models: almost all random n-grams are unseen, and
    their scores hardly depend on the context.

    Args:
        model: The model that will read the rows.
        texts: Texts of the model's run, held-out texts first; None if there are none.
        store: The text requested by the user; None if no text was requested.
        text: Name of the requested text in the report.
        seed: Seed of the random places or ids.

    Raises:
        DataError: The requested text has fewer than `MIN_TEXT_TOKENS` tokens.
    """
    if store is not None:
        return text_passage(store.ids, model, text=text, seed=seed)
    stores = {} if texts is None else {**texts.held_out, "train": texts.train}
    for name, found in stores.items():
        if found.num_tokens >= MIN_TEXT_TOKENS:
            return text_passage(found.ids, model, text=f"the run's {name} text", seed=seed)
    return random_passage(model, seed=seed)
