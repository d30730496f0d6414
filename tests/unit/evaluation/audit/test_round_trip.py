"""The audit's check that tokens give back the text, with planted faults."""

import pytest

from fakes import tokenizer_of
from families import CASES
from nextword.evaluation import AuditReport, audit_model
from nextword.tokens import Encoding, Tokenizer, VocabularyTokenizer


class LowerCases(VocabularyTokenizer):
    """Planted fault: capitals are lost."""

    def encode(self, text: str) -> Encoding:
        return super().encode(text.lower())


def audit(tokenizer: Tokenizer, num_characters_lost: int | None = None) -> AuditReport:
    return audit_model(
        CASES["ngram-3-kneser_ney"].build(0),
        tokenizer=tokenizer,
        num_characters_lost=num_characters_lost,
    )


def planted(tokenizer: Tokenizer) -> Tokenizer:
    tokenizer.__class__ = LowerCases
    return tokenizer


@pytest.mark.parametrize("kind", ["byte", "bpe", "character", "word"])
def test_round_trip_of_our_tokenizers_passes(kind: str) -> None:
    assert audit(tokenizer_of("The cat sat on the Mat\n", kind=kind)).passed


@pytest.mark.parametrize("kind", ["byte", "bpe", "word"])
def test_round_trip_planted_tokenizer_that_lower_cases_is_seen(kind: str) -> None:
    report = audit(planted(tokenizer_of("The cat sat on the Mat\n", kind=kind)))

    assert [check.name for check in report.failed] == ["round_trip"]
    assert report.failed[0].figure >= 2


def test_round_trip_counts_what_the_text_lost() -> None:
    report = audit(tokenizer_of(kind="byte"), num_characters_lost=7)

    assert [(check.name, check.figure) for check in report.failed] == [("round_trip", 7.0)]
