"""`nextword demo`: train a model on Python source code, evaluate it, and write a report."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nextword.cli.options import Debug, Quiet
from nextword.cli.out_folder import checked_out
from nextword.cli.output import aligned, remark, write_line
from nextword.cli.program import program, python
from nextword.cli.train import advice_on_stop, training_callbacks

if TYPE_CHECKING:
    from nextword import api
    from nextword.cli.progress import ProgressDisplay
    from nextword.evaluation import PerplexityCard
    from nextword.training import RunResult

RECIPE = "demo"
TEXT = "stdlib:"
#: Prompts of the samples. None ends in a blank, because a blank is the first character of a token.
PROMPTS = ("\nclass Reader:\n", "\n    def __init__(self", "\nimport os\n")
#: Text of the page with the model when it is opened.
PAGE_PROMPT = "import os\n\n\nclass Reader:\n    def __init__(self, path):\n        self."
_PAGE = "model.html"
_SAMPLE_TOKENS = 150
_TEMPERATURE = 0.6


def demo(
    out: Annotated[Path, typer.Option("--out", metavar="RUN", help="Run folder to write.")] = Path(
        "runs/demo"
    ),
    minutes: Annotated[
        float | None, typer.Option("--minutes", metavar="M", help="Training time in minutes.")
    ] = None,
    *,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Train an LSTM on the source code of the Python standard library, and write a report.

    The model reads byte-pair tokens and is trained by truncated backpropagation through time. The
    report has its perplexity, that of a 5-gram model, and samples. A page, which opens in a
    browser, has the model itself. An interrupted demo is resumed by the same command.
    """
    from nextword.cli.progress import make_progress

    checked_out(out)
    with make_progress(quiet=quiet, is_terminal=sys.stderr.isatty()) as progress:
        result = _train(out, minutes, progress, quiet=quiet)
    if not progress.has_trained:
        remark(
            f"{out} contains a finished demo. To start again: rm -r {out}; to train it longer: "
            f"{program()} demo --out {out} --minutes {_longer(result)}"
        )
    _print_status("estimating a Kneser-Ney 5-gram model on the same split", quiet=quiet)
    baseline = _baseline(out)
    _print_status("writing samples, the report and the page", quiet=quiet)
    samples = _write_samples(out, result, baseline)
    _show(out, result, samples, baseline)


def _train(
    out: Path, minutes: float | None, progress: "ProgressDisplay", *, quiet: bool
) -> "RunResult":
    from nextword import api

    config = api.run_config(TEXT, recipe=RECIPE)
    limit = config.training.max_minutes if minutes is None else minutes
    _print_status(
        f"text      {TEXT} (source code of the Python standard library)\n"
        f"tokenizer {config.tokenizer.kind}, {config.tokenizer.vocab_size} tokens\n"
        f"model     {config.model.describe()}, trained for {limit:g} minutes\n"
        f"folder    {out}",
        quiet=quiet,
    )
    settings = {} if minutes is None else {"training": {"max_minutes": minutes}}
    with advice_on_stop(out, f"{program()} demo --out {out}"):
        return api.train(
            TEXT,
            out=out,
            recipe=RECIPE,
            settings=settings,
            resume="auto",
            callbacks=lambda folder: training_callbacks(progress, folder, advice=not quiet),
            on_progress=progress.on_progress,
        )


def _baseline(out: Path) -> "PerplexityCard":
    """Evaluate a 5-gram model on the same texts."""
    from nextword.storage import RunFolder
    from nextword.training import kneser_ney_baseline

    return kneser_ney_baseline(RunFolder.open(out), text=f"{TEXT} (test part)")


def _write_samples(out: Path, result: "RunResult", baseline: "PerplexityCard") -> list[str]:
    """Generate samples, write the report and the page, and return the samples."""
    from nextword import api
    from nextword.base import read_toml
    from nextword.storage import RunFolder
    from nextword.training import gradient_parts, write_report

    model = api.load_language_model(out)
    samples = make_samples(model, PROMPTS)
    run = RunFolder.open(out)
    write_report(
        run,
        config=api.run_config(saved=read_toml(run.read_config(), source=str(run.config_file))),
        result=result.to_dict(),
        cards=[result.validation, result.test, baseline],
        samples=samples,
        gradients=gradient_parts(run, model.language_model, tokenizer=model.tokenizer),
    )
    api.write_html_page(model, api.ExportRequest(out=out / _PAGE, prompt=PAGE_PROMPT))
    return samples


def make_samples(model: "api.Model", prompts: Sequence[str]) -> list[str]:
    """Return each prompt with the text that the model generates after it."""
    samples = [
        prompt
        + model.generate(prompt, max_tokens=_SAMPLE_TOKENS, temperature=_TEMPERATURE, seed=number)
        for number, prompt in enumerate(prompts, start=1)
    ]
    return [sample.strip("\n").rstrip() for sample in samples]


def _show(
    out: Path, result: "RunResult", samples: Sequence[str], baseline: "PerplexityCard"
) -> None:
    """Print the cards, a sample, the files of the run folder and example commands."""
    from nextword.evaluation import render_card, render_cards

    card = result.test or result.validation
    if card is not None:
        write_line(f"{render_card(card)}\n")
        if card.perplexity > baseline.perplexity:
            remark(
                f"The network's perplexity is still higher than that of the n-grams, because it "
                f"was trained on only {result.progress.num_seen:,} tokens on a slow or busy "
                f"machine. To train it longer: "
                f"{program()} demo --out {out} --minutes {_longer(result)}\n"
            )
        table = render_cards([card, baseline])
        write_line(f"Compared with a 5-gram model on the same test text:\n\n{table}\n")
    write_line(f"Generated after {PROMPTS[0].strip()!r}:\n\n{_indented(samples[0])}\n")
    files = [
        (out / _PAGE, "the model in a page: open it in a browser, and type"),
        (out / "report.html", "the report; open it in a browser"),
        (out / "model", "the model folder; it can be copied and loaded anywhere"),
        (out / "config.toml", "all settings, to repeat the run"),
        (out / "metrics.jsonl", "training metrics, one JSON object per line"),
        (out / "plots", "the training curve"),
        (out / "checkpoints", "checkpoints, to resume training"),
    ]
    write_line(aligned([(str(path), what) for path, what in files]))
    name = program()
    write_line(
        f"\nOpen {out / _PAGE} in a browser to type with the model, and try next:\n\n"
        f'  {name} generate {out} --prompt "class" --temperature 0.6\n'
        f'  {name} next {out} "import"\n'
        f"  {name} evaluate {out} --text YOUR_FILE\n"
        f"  echo 'for i in range(10):' | {name} score {out}\n"
        f"  {name} info {out}\n"
        f"  {name} train YOUR_FILE --out runs/yours --recipe lstm-small\n\n"
        f'  {python()} -c \'import nextword as nw; print(nw.load("{out}").generate("def"))\''
    )


def _longer(result: "RunResult") -> int:
    """Return twice the training time so far, in whole minutes."""
    return 2 * max(1, round(result.progress.elapsed_s / 60))


def _indented(text: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in text.splitlines())


def _print_status(text: str, *, quiet: bool) -> None:
    if not quiet:
        remark(text)
