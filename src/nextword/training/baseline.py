"""The baseline of a neural network: Kneser-Ney trained on the same text and split."""

from nextword.base import FormatError, ProgressCallback
from nextword.evaluation import PerplexityCard, evaluate
from nextword.families import NgramConfig, train_ngram
from nextword.storage import RunFolder
from nextword.tokens import VocabularyTokenizer, open_store


def kneser_ney_baseline(
    run: RunFolder, *, order: int = 5, text: str, on_progress: ProgressCallback | None = None
) -> PerplexityCard:
    """Train a Kneser-Ney model on the training text of a run, and evaluate it.

    It is evaluated on the test text, or on the validation text if there is no test text.

    Args:
        run: A run whose texts are encoded.
        order: Maximum number of tokens in an n-gram.
        text: Name of the text on the card.
        on_progress: Called with (stage, done, total) while n-grams are counted and targets scored.

    Returns:
        The perplexity card.

    Raises:
        FormatError: The run has no token stores, or neither test nor validation text.
    """
    folder = run.tokens_folder
    held_out = next((n for n in ("test", "valid") if (folder / n / "store.json").exists()), None)
    if held_out is None:
        raise FormatError(
            f"{folder} holds no test or validation text.", help="Train with a split that has one."
        )
    tokenizer = VocabularyTokenizer.load(folder / "tokenizer.json")
    model = train_ngram(
        open_store(folder / "train", tokenizer=tokenizer),
        tokenizer,
        config=NgramConfig(order=order),
        temporary_folder=run.path,
        on_progress=on_progress,
    )
    return evaluate(
        model,
        open_store(folder / held_out, tokenizer=tokenizer),
        tokenizer=tokenizer,
        name=f"Kneser-Ney, {order} tokens",
        text=text,
        reset="never",
        on_progress=lambda done: on_progress("measuring Kneser-Ney", done) if on_progress else None,
    )
