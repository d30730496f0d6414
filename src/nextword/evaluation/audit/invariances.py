"""Checks that a score depends only on the tokens that its row has read.

A score must not depend on later tokens, on other rows, on padding, or on how the text is cut into
calls. Each check changes one of these and keeps the others equal, so each fault has its own check.
"""

import torch
from torch import Tensor

from nextword.evaluation.audit.differences import largest_difference, worst
from nextword.evaluation.audit.passage import NUM_ROWS
from nextword.evaluation.audit.subject import Subject


def future_leak(subject: Subject) -> float:
    """Return the largest log-probability difference after changing only later tokens, in nats."""
    token_ids, num_steps = subject.passage.token_ids, subject.passage.num_steps
    expected = subject.scores(subject.started())

    def leak(num_kept: int) -> float:
        changed = token_ids.clone()
        changed[:, num_kept:] = (changed[:, num_kept:] + 1) % subject.model.vocab_size
        scores = subject.scores(subject.started(), changed)
        return largest_difference(scores[:, :num_kept], expected[:, :num_kept])

    return worst(leak(num_kept) for num_kept in (1, num_steps // 2, num_steps - 1))


def chunk_invariance(subject: Subject) -> float:
    """Return the largest log-probability difference between ways to cut a text into calls, in nats.

    Compares one call for the whole text with two chunks, with one token a call, and with empty
    calls before and after.
    """
    token_ids, num_steps = subject.passage.token_ids, subject.passage.num_steps
    whole, final = subject.model.next_log_probs(token_ids, subject.fresh())

    def difference(sizes: list[int]) -> float:
        state, pieces = subject.fresh(), []
        for chunk in torch.split(token_ids, sizes, dim=1):
            log_probs, state = subject.model.next_log_probs(chunk, state)
            pieces.append(log_probs)
        return worst(
            [
                largest_difference(torch.cat(pieces, 1), whole),
                subject.state_difference(state, final),
            ]
        )

    ways = ([5, num_steps - 5], [1] * num_steps, [0, num_steps, 0])
    return worst(difference(sizes) for sizes in ways)


def batch_invariance(subject: Subject) -> float:
    """Return the largest log-probability difference between batch sizes 1 and 3, in nats."""
    token_ids = subject.passage.token_ids
    together = subject.scores(subject.fresh())
    return worst(
        largest_difference(
            subject.scores(subject.model.initial_state(1), token_ids[[row]]), together[[row]]
        )
        for row in range(NUM_ROWS)
    )


def row_order_invariance(subject: Subject) -> float:
    """Return the largest log-probability difference after permuting the rows, in nats.

    The rows have different lengths.
    """
    token_ids, lengths = subject.passage.token_ids, subject.passage.lengths
    # This permutation is not its own inverse, so a model that inverts it wrongly is detected.
    order = [2, 0, 1]
    expected, _ = subject.model.next_log_probs(token_ids, subject.fresh(), lengths)
    permuted, _ = subject.model.next_log_probs(token_ids[order], subject.fresh(), lengths[order])
    within = torch.arange(subject.passage.num_steps, device=lengths.device) < lengths[:, None]
    return largest_difference(permuted[within[order]], expected[order][within[order]])


def padding_invariance(subject: Subject) -> float:
    """Return the largest log-probability difference caused by padding after each row, in nats.

    The states after the padded rows are compared too.
    """
    token_ids, lengths = subject.passage.token_ids, subject.passage.lengths
    padded, state = subject.model.next_log_probs(token_ids, subject.started(), lengths)

    def difference(row: int, length: int) -> float:
        if length == 0:
            return subject.state_difference(state, subject.started(), rows=[row])
        scores, expected = subject.model.next_log_probs(token_ids[:, :length], subject.started())
        return worst(
            [
                largest_difference(padded[row, :length], scores[row]),
                subject.state_difference(state, expected, rows=[row]),
            ]
        )

    return worst(difference(row, length) for row, length in enumerate(lengths.tolist()))


def left_padding_invariance(subject: Subject) -> float:
    """Return the largest log-probability difference caused by padding before each row, in nats.

    Left padding is expressed with states: each row reads a different number of tokens, is reset,
    and must then equal a row that has read nothing.
    """
    before, everywhere = subject.passage.before, _every_row(subject)
    amounts = torch.tensor([0, 2, before.shape[1]], device=before.device)
    padded = subject.model.advance(before, subject.fresh(), amounts).reset(everywhere)
    return worst(
        [
            subject.state_difference(padded, subject.fresh()),
            largest_difference(subject.scores(padded), subject.scores(subject.fresh())),
        ]
    )


def _every_row(subject: Subject) -> Tensor:
    return torch.ones(NUM_ROWS, dtype=torch.bool, device=subject.passage.before.device)
