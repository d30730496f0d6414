"""What an audit reads: a few short rows of ids, out of a text or made up. Knows nothing of checks.

Three rows of 21 tokens are enough: the contract speaks of neighbours (rows, steps, calls), and a
model that breaks it for a few tokens breaks it. So an audit takes seconds, whatever the vocabulary.
A model that looks back on so many tokens and no more reads as many more first: what is scored then
moves its window.
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
#: Windows up to this are filled; longer ones would take minutes.
_LONGEST_BEFORE = 256
#: Tokens that a text must have, to be cut into rows (which may overlap).
MIN_TEXT_TOKENS = _NUM_BEFORE + _NUM_STEPS + _NUM_AFTER


@dataclass(frozen=True, kw_only=True)
class Passage:
    """Rows of ids, and how they are cut.

    Attributes:
        description: Where the ids come from, for people.
        before: What is read first, so that states are not empty and windows full: (rows, before).
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
        before=draw(_num_before(model)).to(model.device),
        token_ids=draw(_NUM_STEPS).to(model.device),
        target_ids=allowed[draw(_NUM_STEPS) % len(allowed)].to(model.device),
        after=draw(_NUM_AFTER).to(model.device),
    )


def text_passage(
    token_ids: Integer[np.ndarray, " num_tokens"], model: LanguageModel, *, text: str, seed: int
) -> Passage:
    """Cut rows out of a text.

    Args:
        token_ids: The text.
        model: Will read it; where it lies the passage will lie.
        text: What it is called.
        seed: Decides the places.

    Raises:
        DataError: The text has fewer tokens than a row.
    """
    if len(token_ids) < MIN_TEXT_TOKENS:
        raise DataError(
            f"{text} has {len(token_ids)} tokens; an audit reads at least {MIN_TEXT_TOKENS}.",
            help="Give a longer text, or none: then the audit finds something to read itself.",
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
    """Give how much is read first: a little, after what fills a window where a model has one.

    A model that encodes its window anew now and then stands between two such places then.
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
    """Choose what is read to a model: the text that is given, one of its run, or made-up ids.

    N-grams want a text: nearly all made-up ones are unseen, and what is unseen depends on little.

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
        return text_passage(store.ids, model, text=text, seed=seed)
    stores = {} if texts is None else {**texts.held_out, "train": texts.train}
    for name, found in stores.items():
        if found.num_tokens >= MIN_TEXT_TOKENS:
            return text_passage(found.ids, model, text=f"the run's {name} text", seed=seed)
    return random_passage(model, seed=seed)
