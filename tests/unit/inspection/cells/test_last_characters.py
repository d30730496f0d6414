import numpy as np

from nextword.inspection.cells.last_characters import (
    NUM_CHARACTERS,
    last_character_features,
    last_character_scores,
)


def test_features_depend_on_the_last_characters_only() -> None:
    one = last_character_features("xxxx" + "abcdefgh")
    other = last_character_features("yyyy" + "abcdefgh")

    assert (one[-1] == other[-1]).all()
    assert (one[-2] != other[-2]).any()
    assert one.shape[1] == 2 * NUM_CHARACTERS - 1


def test_property_of_the_last_characters_is_predicted_and_an_older_one_is_not() -> None:
    generator = np.random.default_rng(0)
    text = "".join(generator.choice(list("abcd"), size=4000))
    near = np.array([text[max(0, at - 2)] == "a" for at in range(len(text))], dtype=float)
    far = np.array([text[max(0, at - 12)] == "a" for at in range(len(text))], dtype=float)
    number = np.array([ord(each) for each in text], dtype=float)

    scores = last_character_scores(
        last_character_features(text),
        np.stack([near, far, number], axis=1),
        kinds=["binary", "binary", "numeric"],
        num_fitted=2000,
    )

    assert scores[0] > 0.97
    assert abs(scores[1] - 0.5) < 0.1
    assert scores[2] > 0.97


def test_undefined_values_are_neither_fitted_nor_scored() -> None:
    text = "ab" * 400
    targets = np.array([float(each == "a") for each in text])
    targets[::7] = np.nan

    [score] = last_character_scores(
        last_character_features(text), targets[:, None], kinds=["binary"], num_fitted=400
    )

    assert score == 1.0
