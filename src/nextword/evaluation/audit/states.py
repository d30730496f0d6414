"""Checks that a state is a value: what is done to it is seen where it should be, and nowhere else.

Rows that should be equal are compared by reading on from them, side by side with equally many
rows.
"""

import torch

from nextword.evaluation.audit.differences import largest_difference, worst
from nextword.evaluation.audit.subject import Subject


def advance(subject: Subject) -> float:
    """Give how differently a text leads on that was read without being scored, nats."""
    token_ids = subject.passage.token_ids
    read = subject.model.advance(token_ids, subject.started())
    _, scored = subject.model.next_log_probs(token_ids, subject.started())
    return subject.state_difference(read, scored)


def state_select(subject: Subject) -> float:
    """Give how differently selected rows go on, nats."""
    rows = [2, 0, 0]
    index = torch.tensor(rows, device=subject.passage.token_ids.device)
    selected, whole = subject.started().select(index), subject.started()
    if not torch.equal(selected.num_tokens, whole.num_tokens[rows]):
        return float("inf")
    scores = subject.scores(selected, subject.passage.token_ids[rows])
    return largest_difference(scores, subject.scores(whole)[rows])


def state_reset(subject: Subject) -> float:
    """Give how differently reset rows read from fresh ones, and the others from before, nats."""
    device = subject.passage.token_ids.device
    mask = torch.tensor([True, False, True], device=device)
    index = torch.tensor([2, 0], device=device)

    def difference(rows: torch.Tensor) -> float:
        state = subject.started().reset(rows)
        return worst(
            [
                subject.state_difference(state, subject.fresh(), [0, 2]),
                subject.state_difference(state, subject.started(), [1]),
            ]
        )

    return worst(difference(rows) for rows in (mask, index))


def state_concatenate(subject: Subject) -> float:
    """Give how differently rows go on that were read apart and put together, nats."""
    before = subject.passage.before
    apart = [
        subject.model.advance(rows, subject.model.initial_state(len(rows)))
        for rows in torch.split(before, [1, 2])
    ]
    return subject.state_difference(apart[0].concatenate(apart[1:]), subject.started())


def state_fork(subject: Subject) -> float:
    """Give how differently a state reads on the second time, nats."""
    state = subject.started()
    first = subject.scores(state)
    again = subject.scores(state)
    return worst(
        [largest_difference(again, first), subject.state_difference(state, subject.started())]
    )


def state_bytes(subject: Subject) -> float:
    """Give how differently a state goes on that was written to bytes and read, nats."""
    read = subject.model.state_from_bytes(subject.started().to_bytes())
    return subject.state_difference(read, subject.started())
