"""Small models in float64 and passages that the tests of instruments share."""

import torch

from cells import CELLS, random_cell
from fakes import network_spec
from nextword.cells import AnyCell
from nextword.families import RecurrentConfig, RecurrentLanguageModel
from nextword.inspection import Passage
from nextword.recurrent import RecurrentStack

VOCAB_SIZE = 9
INPUT_SIZE, HIDDEN_SIZE = 3, 4


def recurrent_model(
    kind: str, *, num_layers: int = 1, seed: int = 0, width: int = HIDDEN_SIZE
) -> RecurrentLanguageModel:
    """A model with cells of a kind of `CELLS`, none of whose weights are as they start."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        cells: list[AnyCell] = [random_cell(CELLS[kind], INPUT_SIZE, width)]
        while len(cells) < num_layers:
            cells.append(random_cell(CELLS[kind], cells[-1].output_size, width))
        config = RecurrentConfig(
            hidden_size=cells[-1].output_size, embedding_size=INPUT_SIZE, tied=False
        )
        model = config.build(network_spec(vocab_size=VOCAB_SIZE)).double()
        model.core = RecurrentStack(cells)
        for name, parameter in model.named_parameters():
            if not name.startswith("core"):
                torch.nn.init.normal_(parameter, std=0.7)
    return model.eval()


def random_passage(
    num_tokens: int, *, vocab_size: int = VOCAB_SIZE, seed: int = 0, boundary_id: int = 3
) -> Passage:
    """A passage of random ids that may be predicted."""
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(4, vocab_size, (num_tokens,), generator=generator)
    return Passage(
        token_ids=torch.cat([torch.tensor([boundary_id]), ids[:-1]]),
        target_ids=ids,
        texts=tuple(f"w{number}" for number in ids.tolist()),
        description="made-up text",
        is_word_level=True,
    )
