import pytest

from nextword.layers import choose_output


@pytest.mark.parametrize(
    ("vocab_size", "num_positions", "kind"),
    [
        (200, 64 * 128, "full"),
        (33_000, 700, "full"),
        (99_999, 700, "full"),
        (33_000, 64 * 128, "chunked"),
        (99_999, 2**20, "chunked"),
        (100_000, 1, "adaptive"),
        (267_735, 0, "adaptive"),
    ],
)
def test_choose_output_follows_vocabulary_and_memory(
    vocab_size: int, num_positions: int, kind: str
) -> None:
    assert choose_output(vocab_size=vocab_size, num_positions=num_positions).kind == kind


def test_choose_output_says_why_with_the_numbers() -> None:
    choice = choose_output(vocab_size=33_000, num_positions=8192)

    assert str(choice) == (
        "chunked, because the scores of 33,000 words at 8,192 positions would take 2,062 MiB at "
        "once"
    )
