"""What an audit reads: a few short rows of ids, out of a text or made up. Knows nothing of checks.

Three rows of 21 tokens are enough: the contract speaks of neighbours (rows, steps, calls), and a
model that breaks it for a few tokens breaks it. So an audit takes seconds, whatever the vocabulary.
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
#: Tokens that a text must have, to be cut into rows (which may overlap).
MIN_TEXT_TOKENS = _NUM_BEFORE + _NUM_STEPS + _NUM_AFTER


@dataclass(frozen=True, kw_only=True)
class Passage:
    """Rows of ids, and how they are cut.

    Attributes:
        description: Where the ids come from, for people.
        before: What is read first, so that states are not empty: (rows, 5).
        token_ids: What is scored, (rows, 12).
        target_ids: The id that follows each, (rows, 12).
        after: What two states read on, to be compared, (rows, 4).
    """

    description: str
    before: Int64[Tensor, "rows before"]
    token_ids: Int64[Tensor, "rows steps"]
    target_ids: Int64[Tensor, "rows steps"]
    after: Int64[Tensor, "rows after"]

    @property
    def num_steps(self) -> int:
        """Steps that are scored in each row."""
        return self.token_ids.shape[1]

    @property
    def lengths(self) -> Lengths:
        """One row whole, one half, one empty: (rows)."""
        return torch.tensor([self.num_steps, self.num_steps // 2, 0], device=self.token_ids.device)


def random_passage(model: LanguageModel, *, seed: int) -> Passage:
    """Make up ids for a model: any may be read, those that may come are targets."""
    generator = torch.Generator().manual_seed(seed)
    allowed = torch.tensor(sorted({*range(model.vocab_size)} - {*model.never_ids}))

    def draw(num_steps: int) -> Int64[Tensor, "rows steps"]:
        return torch.randint(model.vocab_size, (NUM_ROWS, num_steps), generator=generator)

    return Passage(
        description=f"made-up ids, seed {seed}",
        before=draw(_NUM_BEFORE).to(model.device),
        token_ids=draw(_NUM_STEPS).to(model.device),
        target_ids=allowed[draw(_NUM_STEPS) % len(allowed)].to(model.device),
        after=draw(_NUM_AFTER).to(model.device),
    )


def text_passage(
    token_ids: Integer[np.ndarray, " num_tokens"], *, text: str, device: torch.device, seed: int
) -> Passage:
    """Cut rows out of a text.

    Args:
        token_ids: The text.
        text: What it is called.
        device: Where the passage shall lie.
        seed: Decides the places.

    Raises:
        DataError: The text has fewer tokens than a row.
    """
    if len(token_ids) < MIN_TEXT_TOKENS:
        raise DataError(
            f"{text} has {len(token_ids)} tokens; an audit reads at least {MIN_TEXT_TOKENS}.",
            help="Give a longer text, or none: then the audit finds something to read itself.",
        )
    generator = np.random.default_rng(seed)
    starts = generator.integers(len(token_ids) - MIN_TEXT_TOKENS + 1, size=NUM_ROWS)
    rows = np.stack([token_ids[start : start + MIN_TEXT_TOKENS] for start in starts])
    ids = torch.from_numpy(rows.astype(np.int64)).to(device)
    scored_end = _NUM_BEFORE + _NUM_STEPS
    return Passage(
        description=f"{NUM_ROWS} rows of {text}, seed {seed}",
        before=ids[:, :_NUM_BEFORE],
        token_ids=ids[:, _NUM_BEFORE:scored_end],
        target_ids=ids[:, _NUM_BEFORE + 1 : scored_end + 1],
        after=ids[:, scored_end:],
    )


def choose_passage(
    model: LanguageModel,
    *,
    texts: RunTexts | None,
    store: TokenStore | None = None,
    text: str = "",
    seed: int = 0,
) -> Passage:
    """Choose what is read to a model: the text that is given, one of its run, or made-up ids.

    N-grams want a text: nearly all made-up ones are unseen, and what is unseen hangs on little.

    Args:
        model: Will read it.
        texts: The texts of its run, if it has one.
        store: The text that is asked for, if one is.
        text: What that is called.
        seed: Decides the places.

    Raises:
        DataError: The text that is asked for is too short.
    """
    if store is not None:
        return text_passage(store.ids, text=text, device=model.device, seed=seed)
    stores = {} if texts is None else {**texts.held_out, "train": texts.train}
    for name, found in stores.items():
        if found.num_tokens >= MIN_TEXT_TOKENS:
            return text_passage(
                found.ids, text=f"the run's {name} text", device=model.device, seed=seed
            )
    return random_passage(model, seed=seed)
