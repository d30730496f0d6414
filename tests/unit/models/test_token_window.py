import torch

from nextword.models import State
from nextword.models.token_window import NO_TOKEN, TokenWindow


def fresh(window: TokenWindow, batch_size: int = 2) -> State:
    initial = window.initial(device=torch.device("cpu"))
    return State.fresh(initial, batch_size=batch_size, fingerprint=lambda: "none")


def test_token_window_keeps_one_fewer_than_it_sees() -> None:
    window = TokenWindow(size=3)
    state = fresh(window)

    places = window.join(torch.tensor([[4], [5]]), state)
    state = window.after(places, state, lengths=None)

    assert places.tolist() == [[NO_TOKEN, NO_TOKEN, 4], [NO_TOKEN, NO_TOKEN, 5]]
    assert state.tensors["context"].tolist() == [[NO_TOKEN, 4], [NO_TOKEN, 5]]
    assert state.num_tokens.tolist() == [1, 1]


def test_token_window_ragged_rows_keep_their_own_last_tokens() -> None:
    window = TokenWindow(size=3)
    state = fresh(window)

    places = window.join(torch.tensor([[4, 5, 6], [7, 8, 9]]), state)
    state = window.after(places, state, lengths=torch.tensor([3, 1]))

    assert state.tensors["context"].tolist() == [[5, 6], [NO_TOKEN, 7]]
    assert state.num_tokens.tolist() == [3, 1]


def test_token_window_of_one_token_keeps_nothing() -> None:
    window = TokenWindow(size=1)
    state = fresh(window)

    places = window.join(torch.tensor([[4], [5]]), state)

    assert places.tolist() == [[4], [5]]
    assert window.after(places, state, lengths=None).tensors["context"].shape == (2, 0)
