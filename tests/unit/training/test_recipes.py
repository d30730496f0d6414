"""Every recipe trains, whatever the text; a few updates of it take seconds."""

from pathlib import Path

import pytest

import nextword as nw
from nextword.training import recipe_names


@pytest.mark.slow
@pytest.mark.parametrize("recipe", recipe_names())
def test_recipe_trains_and_measures_a_toy_text(
    recipe: str, corpus_file: Path, tmp_path: Path
) -> None:
    settings = {"training": {"max_steps": 3}}

    result = nw.train(str(corpus_file), out=tmp_path / "run", recipe=recipe, settings=settings)

    assert result.test is not None
    assert result.test.perplexity > 1.0
    assert nw.load(result.run).generate("the", max_tokens=3, seed=1) is not None
