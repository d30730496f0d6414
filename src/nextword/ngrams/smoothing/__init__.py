"""Smoothing: from n-gram counts to the probabilities and back-off weights of a model."""

from nextword.ngrams.smoothing.add_k import add_k
from nextword.ngrams.smoothing.discounts import FALLBACK, Discounts, kneser_ney_discounts
from nextword.ngrams.smoothing.kneser_ney import KneserNey, kneser_ney
from nextword.ngrams.smoothing.maximum_likelihood import maximum_likelihood

__all__ = [
    "FALLBACK",
    "Discounts",
    "KneserNey",
    "add_k",
    "kneser_ney",
    "kneser_ney_discounts",
    "maximum_likelihood",
]
