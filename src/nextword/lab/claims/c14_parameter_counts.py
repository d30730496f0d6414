"""C14: an Elman layer has m(n+m+1) parameters, an LSTM layer 4m(n+m+1)."""

from torch import nn

from nextword.cells import ElmanCell, LstmCell
from nextword.lab.contract import Check, Claim, Finding, Source, Verdict
from nextword.lab.workbench import Workbench

#: Embedding size n and hidden size m.
_SIZES = ((1, 1), (3, 2), (10, 4), (100, 200), (37, 64))


def measure(bench: Workbench) -> Finding:
    """Count the parameters of cells of several sizes."""
    rows = [
        {
            "n": n,
            "m": m,
            "elman": _count(ElmanCell(n, m)),
            "lstm": _count(LstmCell(n, m)),
            "torch_elman": _count(nn.RNN(n, m)),
            "torch_lstm": _count(nn.LSTM(n, m)),
        }
        for n, m in _SIZES
    ]
    is_exact = all(
        row["elman"] == row["m"] * (row["n"] + row["m"] + 1) and row["lstm"] == 4 * row["elman"]
        for row in rows
    )
    is_explained = all(
        row["torch_elman"] == row["elman"] + row["m"]
        and row["torch_lstm"] == row["lstm"] + 4 * row["m"]
        for row in rows
    )
    return Finding(
        verdict=Verdict.HOLDS if is_exact else Verdict.FAILS,
        reason="Both counts are exact with one bias for each gate. torch.nn has two and adds them: "
        "m more parameters in an RNN, 4m in an LSTM. (The slides exchange m and n between the two "
        "formulas; m is the hidden size here.)",
        figures={"counts": rows},
        checks=(
            Check(text="m(n+m+1) and 4m(n+m+1) exactly", passed=is_exact),
            Check(text="torch has m and 4m more", passed=is_explained),
        ),
    )


def _count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


CLAIM = Claim(
    id="C14",
    name="parameter-counts",
    statement="With embeddings of size n and m hidden units, a simple recurrent layer has "
    "m(n+m+1) parameters, and an LSTM layer four times as many.",
    sources=(
        Source(lecture="lecture-004", place="Recurrent Neural Networks; Long Short-Term Memory"),
    ),
    method="The parameters of cells of five sizes are counted, and those of torch.nn.",
    expected="Exact with one bias; torch's second bias adds m and 4m.",
    measure=measure,
)
