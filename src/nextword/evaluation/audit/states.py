"""Checks that a state is a value: every operation returns a new state and changes only its rows.

States are compared by the log-probabilities of the tokens that follow, at equal batch sizes.
"""

import torch

from nextword.evaluation.audit.differences import largest_difference, worst
from nextword.evaluation.audit.subject import Subject


def advance(subject: Subject) -> float:
    """Return the largest log-probability difference between `advance` and scoring, in nats."""
    token_ids = subject.passage.token_ids
    advanced = subject.model.advance(token_ids, subject.started())
    _, scored = subject.model.next_log_probs(token_ids, subject.started())
    return subject.state_difference(advanced, scored)


def state_select(subject: Subject) -> float:
    """Return the largest log-probability difference after selecting rows of a state, in nats.

    Infinite if the selected rows have other token counts.
    """
    rows = [2, 0, 0]
    index = torch.tensor(rows, device=subject.passage.token_ids.device)
    selected, whole = subject.started().select(index), subject.started()
    if not torch.equal(selected.num_tokens, whole.num_tokens[rows]):
        return float("inf")
    scores = subject.scores(selected, subject.passage.token_ids[rows])
    return largest_difference(scores, subject.scores(whole)[rows])


def state_reset(subject: Subject) -> float:
    """Return the largest log-probability difference after resetting two of three rows, in nats.

    Reset rows are compared with the initial state, the other row with the state before the reset.
    """
    device = subject.passage.token_ids.device
    mask = torch.tensor([True, False, True], device=device)
    index = torch.tensor([2, 0], device=device)

    def difference(rows: torch.Tensor) -> float:
        state = subject.started().reset(rows)
        return worst(
            [
                subject.state_difference(state, subject.fresh(), rows=[0, 2]),
                subject.state_difference(state, subject.started(), rows=[1]),
            ]
        )

    return worst(difference(rows) for rows in (mask, index))


def state_concatenate(subject: Subject) -> float:
    """Return the largest log-probability difference after concatenating two states, in nats."""
    before = subject.passage.before
    parts = [
        subject.model.advance(rows, subject.model.initial_state(len(rows)))
        for rows in torch.split(before, [1, 2])
    ]
    return subject.state_difference(parts[0].concatenate(parts[1:]), subject.started())


def state_fork(subject: Subject) -> float:
    """Return the largest log-probability difference when a state is used twice, in nats."""
    state = subject.started()
    first = subject.scores(state)
    again = subject.scores(state)
    return worst(
        [largest_difference(again, first), subject.state_difference(state, subject.started())]
    )


def state_bytes(subject: Subject) -> float:
    """Return the largest log-probability difference after serialization of a state, in nats."""
    loaded = subject.model.state_from_bytes(subject.started().to_bytes())
    return subject.state_difference(loaded, subject.started())
