import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from fakes import network_spec, tokenizer_of
from nextword.families import RecurrentConfig
from nextword.inspection.cells import (
    CellResult,
    SpanMatches,
    named_properties,
    read_unit_text,
    search_cells,
    table_rows,
    token_texts,
    unit_states,
    write_cells,
)
from nextword.tokens import TokenizerKind

TEXT = 'x = "a"\nprint(x)\n' * 40


@pytest.mark.parametrize("kind", ["character", "word"])
def test_write_cells_writes_pictures_json_and_page(kind: TokenizerKind, tmp_path: Path) -> None:
    tokenizer = tokenizer_of(TEXT, kind=kind)
    torch.manual_seed(0)
    spec = replace(network_spec(), vocabulary=tokenizer.vocabulary_spec)
    model = RecurrentConfig(hidden_size=4).build(spec).eval()
    text = read_unit_text(TEXT, tokenizer)
    states = unit_states(model, text.token_ids)
    search = search_cells(
        model,
        text,
        properties=named_properties("text", ["line_position", r"calls=print\(x\)"]),
        states=states,
        ablation_tokens=0,
    )
    spans = SpanMatches(
        text="x", start=0, end=1, units=((states.units[0], True),), threshold=0.3, matches=()
    )
    result = CellResult(model="tiny", language="text", search=search, spans=spans)

    report = write_cells(tmp_path, result, text=text, states=states, tokenizer=tokenizer)

    page = report.read_text(encoding="utf-8")
    assert "line position: layer 1" in page
    assert "Spans like" in page
    values = json.loads((tmp_path / "cells.json").read_text(encoding="utf-8"))
    assert [each["name"] for each in values["properties"]] == ["line_position", "calls"]
    assert (tmp_path / "cell-calls.png").is_file()
    assert len(table_rows(search)) == 2


def test_token_texts_of_words_are_separated() -> None:
    tokenizer = tokenizer_of("one two\nthree\n")
    text = read_unit_text("one two\nthree\n", tokenizer)

    assert token_texts(text, tokenizer) == ["one ", "two ", "\n", "three ", "\n"]
