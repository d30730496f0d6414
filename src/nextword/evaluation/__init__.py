"""Evaluation of language models: perplexity cards, scores per line or document, and the audit."""

from nextword.evaluation.adaptation import (
    DynamicConfig,
    DynamicScorer,
    TunedCache,
    TunedDynamic,
    evaluate_dynamic,
    evaluate_with_cache,
    no_gain_note,
    target_leak,
    tune_cache,
    tune_dynamic,
)
from nextword.evaluation.audit import (
    AuditReport,
    Passage,
    RunTexts,
    audit_model,
    choose_passage,
    render_audit,
    texts_of_run,
)
from nextword.evaluation.card import (
    ModelFacts,
    PerplexityCard,
    Sums,
    TextFacts,
    perplexity_card,
)
from nextword.evaluation.card_text import describe_adaptation, number_text, render_card
from nextword.evaluation.comparability import (
    Comparability,
    EncodedText,
    UnscoredText,
    comparability,
    vocabulary_fingerprint,
)
from nextword.evaluation.encoded_lines import EncodedLine, encoded_lines
from nextword.evaluation.lines import LineScore, per_line_scores
from nextword.evaluation.mixing import TunedMixture, tune_mixture
from nextword.evaluation.pairs import MinimalPair, PairScores, compare_pairs, read_pairs
from nextword.evaluation.perplexity import (
    DEFAULT_BATCH_SIZE,
    UnitScore,
    add_by_unit,
    card_of,
    describe_tokenizer,
    evaluate,
    evaluate_store,
    resolve_reset,
    unit_scores,
    unknown_note,
)
from nextword.evaluation.scoring import ScoredWindow, score_units
from nextword.evaluation.seen_text import (
    SEEN_TEXTS,
    seen_note,
    shared_documents,
    shares_passages,
)
from nextword.evaluation.shared_prefixes import SharedScores, shared_prefix_log_probs
from nextword.evaluation.surprisal import (
    LineSurprisal,
    TokenSurprisal,
    WordSurprisal,
    line_surprisals,
)
from nextword.evaluation.table import render_cards

__all__ = [
    "DEFAULT_BATCH_SIZE",
    "SEEN_TEXTS",
    "AuditReport",
    "Comparability",
    "DynamicConfig",
    "DynamicScorer",
    "EncodedLine",
    "EncodedText",
    "LineScore",
    "LineSurprisal",
    "MinimalPair",
    "ModelFacts",
    "PairScores",
    "Passage",
    "PerplexityCard",
    "RunTexts",
    "ScoredWindow",
    "SharedScores",
    "Sums",
    "TextFacts",
    "TokenSurprisal",
    "TunedCache",
    "TunedDynamic",
    "TunedMixture",
    "UnitScore",
    "UnscoredText",
    "WordSurprisal",
    "add_by_unit",
    "audit_model",
    "card_of",
    "choose_passage",
    "comparability",
    "compare_pairs",
    "describe_adaptation",
    "describe_tokenizer",
    "encoded_lines",
    "evaluate",
    "evaluate_dynamic",
    "evaluate_store",
    "evaluate_with_cache",
    "line_surprisals",
    "no_gain_note",
    "number_text",
    "per_line_scores",
    "perplexity_card",
    "read_pairs",
    "render_audit",
    "render_card",
    "render_cards",
    "resolve_reset",
    "score_units",
    "seen_note",
    "shared_documents",
    "shared_prefix_log_probs",
    "shares_passages",
    "target_leak",
    "texts_of_run",
    "tune_cache",
    "tune_dynamic",
    "tune_mixture",
    "unit_scores",
    "unknown_note",
    "vocabulary_fingerprint",
]
