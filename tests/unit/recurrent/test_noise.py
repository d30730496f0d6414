import torch

from nextword.cells import LstmState
from nextword.recurrent import LayerNoise


def state(hidden: float, cell: float) -> LstmState:
    return LstmState(hidden_state=torch.tensor([[hidden]]), cell_state=torch.tensor([[cell]]))


def test_layer_noise_without_zoneout_gives_the_new_state() -> None:
    new = state(1.0, 2.0)

    assert LayerNoise().mixed(0, new, state(5.0, 6.0)) is new


def test_layer_noise_mixes_each_part_at_its_own_share_of_the_step() -> None:
    held = (torch.tensor([0.0, 1.0]), torch.tensor([0.25, 0.5]))
    noise = LayerNoise(held=tuple(share.view(2, 1, 1) for share in held))

    mixed = [noise.mixed(time, state(0.0, 0.0), state(8.0, 8.0)) for time in (0, 1)]

    assert [[part.item() for part in parts] for parts in mixed] == [[0.0, 2.0], [8.0, 4.0]]
