"""`hf:` models on the command line."""

import json
from pathlib import Path

import pytest

import huggingface_models as made
from cli.caller import Call

pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def gpt2(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"hf:{made.save(tmp_path_factory.mktemp('gpt2'))}"


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    path.write_text("the cat in the hat\nand the other one\n" * 3, encoding="utf-8")
    return path


def test_huggingface_evaluate_names_family_and_stride(cli: Call, gpt2: str, text: Path) -> None:
    finished = cli("evaluate", gpt2, "--text", text, "--stride", 2, "--json")

    [card] = json.loads(finished.out)["results"]
    assert (card["model"], card["family"], card["stride"]) == (gpt2, "huggingface", 2)
    assert card["num_bytes"] == len(text.read_bytes())


def test_huggingface_evaluate_smaller_strides_leave_the_other_figures_alone(
    cli: Call, gpt2: str, text: Path
) -> None:
    cards = [
        json.loads(cli("evaluate", gpt2, "--text", text, *option, "--json").out)["results"][0]
        for option in ((), ("--stride", made.CONTEXT_SIZE // 2), ("--stride", 1))
    ]

    assert cards[0]["nll_sum"] == cards[1]["nll_sum"]
    assert cards[0]["nll_sum"] != cards[2]["nll_sum"]
    assert len({card["num_tokens"] for card in cards}) == 1


def test_huggingface_stride_beside_a_model_without_one_is_for_the_other(
    cli: Call, gpt2: str, word_run: Path, text: Path
) -> None:
    finished = cli("evaluate", word_run, gpt2, "--text", text, "--stride", 3, "--json")

    strides = [card["stride"] for card in json.loads(finished.out)["results"]]
    assert strides == [None, 3]


@pytest.mark.parametrize(
    ("stride", "message"),
    [("0", "stride is 0; this model has 8 positions"), ("9", "stride is 9; this model has 8")],
)
def test_huggingface_stride_out_of_range_is_refused(
    cli: Call, gpt2: str, text: Path, stride: str, message: str
) -> None:
    finished = cli("evaluate", gpt2, "--text", text, "--stride", stride)

    assert finished.code == 2
    assert message in finished.err


def test_huggingface_stride_of_a_model_that_has_none_is_refused(
    cli: Call, word_run: Path, text: Path
) -> None:
    finished = cli("evaluate", word_run, "--text", text, "--stride", 3)

    assert finished.code == 2
    assert "reads each token once; it has no stride" in finished.err


def test_huggingface_model_answers_every_command_that_uses_one(cli: Call, gpt2: str) -> None:
    audited = cli("audit", gpt2)
    shown = cli("info", gpt2)
    generated = cli("generate", gpt2, "--prompt", "the cat", "--max-tokens", 5, "--seed", 1)
    listed = cli("next", gpt2, "the", "-k", 3)
    scored = cli("score", gpt2, stdin=b"the cat\nthe hat\n")

    calls = (audited, shown, generated, listed, scored)
    assert [finished.code for finished in calls] == [0] * len(calls)
    assert "All 16 checks passed." in audited.out
    assert 'architecture = "gpt2"' in shown.out
    assert generated.out.startswith("the cat")
    assert len(scored.out.splitlines()) >= 2


def test_huggingface_folder_without_weights_is_one_clear_line(cli: Call, tmp_path: Path) -> None:
    folder = made.save(tmp_path / "model")
    (folder / "model.safetensors").unlink()

    finished = cli("next", f"hf:{folder}", "the")

    assert finished.code == 2
    assert finished.err.splitlines()[0] == (
        f"error: {folder} has no weights: there is no file *.safetensors in it."
    )
