"""Checks of the scores themselves: that they are the log-probabilities of the targets."""

from dataclasses import replace

import torch

from nextword.evaluation.audit.differences import largest_difference, worst
from nextword.evaluation.audit.subject import NotApplicable, Subject
from nextword.models import scored
from nextword.tensors import Lengths, Mask


def sums_to_one(subject: Subject) -> float:
    """Return the largest difference between 1 and the sum of the next token's probabilities."""
    sums = subject.scores(subject.started()).double().exp().sum(-1)
    return largest_difference(sums, torch.ones_like(sums))


def never_ids(subject: Subject) -> float:
    """Count the ids in `model.never_ids` that have a probability above 0."""
    scores = subject.scores(subject.started())[:, :, list(subject.model.never_ids)]
    return float((scores != -torch.inf).any(0).any(0).sum())


def nll_is_gathered(subject: Subject) -> float:
    """Return the largest difference between `nll` and minus each target's log-probability, in nats.

    `nll` must be 0 at positions that are beyond a row's length or masked out.
    """
    passage = subject.passage
    every_other = torch.ones_like(passage.token_ids, dtype=torch.bool)
    every_other[:, ::2] = False
    settings = [
        (lengths, mask) for lengths in (None, passage.lengths) for mask in (None, every_other)
    ]
    return worst(_nll_difference(subject, lengths, mask) for lengths, mask in settings)


def _nll_difference(subject: Subject, lengths: Lengths | None, mask: Mask | None) -> float:
    model, passage = subject.model, subject.passage
    nll, _ = model.nll(passage.token_ids, passage.target_ids, subject.started(), lengths, mask)
    log_probs, _ = model.next_log_probs(passage.token_ids, subject.started(), lengths)
    expected = -log_probs.gather(2, passage.target_ids[:, :, None]).squeeze(2)
    counted = scored(passage.target_ids, lengths, mask=mask)
    return largest_difference(nll, expected.masked_fill(~counted, 0.0))


def save_and_load(subject: Subject) -> float:
    """Return the largest log-probability difference after saving and loading the model, in nats.

    Raises:
        NotApplicable: The model cannot be saved.
    """
    if subject.reload is None:
        raise NotApplicable("this model cannot be saved and loaded here")
    copy = replace(subject, model=subject.reload())
    return largest_difference(copy.scores(copy.fresh()), subject.scores(subject.fresh()))
