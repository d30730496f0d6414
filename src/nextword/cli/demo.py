"""`nextword demo`: the main job, from text to report, and what to try next."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nextword.cli.options import Debug, Quiet
from nextword.cli.output import aligned, remark, write_line
from nextword.cli.program import program, python
from nextword.cli.train import advice_on_stop, watchers

if TYPE_CHECKING:
    from nextword import api
    from nextword.cli.progress import Progress
    from nextword.evaluation import PerplexityCard
    from nextword.training import RunResult

RECIPE = "demo"
TEXT = "stdlib:"
#: They begin with a line of their own and end where tokens do: a blank belongs to the next word.
PROMPTS = ("\nclass Reader:\n", "\n    def __init__(self", "\nimport os\n")
_SAMPLE_TOKENS = 150
_TEMPERATURE = 0.6


def demo(
    out: Annotated[
        Path, typer.Option("--out", metavar="RUN", help="The run folder to write.")
    ] = Path("runs/demo"),
    minutes: Annotated[
        float | None, typer.Option("--minutes", metavar="M", help="Minutes of training.")
    ] = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Run the main job: learn from the Python standard library's sources, measure, write, report.

    An LSTM reads byte-pair tokens and is trained by truncated back-propagation through time.
    Started again in the same folder it goes on where it stopped.
    """
    from nextword.cli.progress import make_progress

    with make_progress(quiet=quiet, is_terminal=sys.stderr.isatty()) as progress:
        result = _train(out, minutes, progress, quiet=quiet)
    if not progress.has_trained:
        remark(
            f"{out} holds a finished demo. To start again: rm -r {out}; to train it for longer: "
            f"{program()} demo --out {out} --minutes {_longer(result)}"
        )
    _narrate("counting Kneser-Ney n-grams on the same split, to compare with", quiet=quiet)
    baseline = _baseline(out)
    _narrate("writing samples and the report", quiet=quiet)
    samples = _write_samples(out, result, baseline)
    _show(out, result, samples, baseline)


def _train(out: Path, minutes: float | None, progress: "Progress", *, quiet: bool) -> "RunResult":
    from nextword import api

    config = api.run_config(TEXT, recipe=RECIPE)
    limit = config.training.max_minutes if minutes is None else minutes
    _narrate(
        f"text      {TEXT} (sources of the Python standard library)\n"
        f"tokens    {config.tokenizer.kind}, {config.tokenizer.vocab_size} of them, learnt first\n"
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
            callbacks=lambda folder: watchers(progress, folder, advice=not quiet),
            on_stage=progress.on_stage,
        )


def _baseline(out: Path) -> "PerplexityCard":
    """Measure a 5-gram model on the same texts."""
    from nextword.storage import RunFolder
    from nextword.training import kneser_ney_baseline

    return kneser_ney_baseline(RunFolder.open(out), text=f"{TEXT} (test part)")


def _write_samples(out: Path, result: "RunResult", baseline: "PerplexityCard") -> list[str]:
    """Let the model write, and put what it writes into the report."""
    from nextword import api
    from nextword.base import read_toml
    from nextword.storage import RunFolder
    from nextword.training import write_report

    samples = make_samples(api.load(out), PROMPTS)
    run = RunFolder.open(out)
    write_report(
        run,
        config=api.run_config(saved=read_toml(run.read_config(), source=str(run.config_file))),
        result=result.to_dict(),
        cards=[result.validation, result.test, baseline],
        samples=samples,
    )
    return samples


def make_samples(model: "api.Model", prompts: Sequence[str]) -> list[str]:
    """Continue each prompt by some lines."""
    samples = [
        prompt
        + model.generate(prompt, max_tokens=_SAMPLE_TOKENS, temperature=_TEMPERATURE, seed=number)
        for number, prompt in enumerate(prompts, start=1)
    ]
    return [sample.strip("\n").rstrip() for sample in samples]


def _show(
    out: Path, result: "RunResult", samples: Sequence[str], baseline: "PerplexityCard"
) -> None:
    """Write the cards, a sample, what lies in the folder and what to try next."""
    from nextword.evaluation import render_card, render_cards

    card = result.test or result.validation
    if card is not None:
        write_line(f"{render_card(card)}\n")
        if card.perplexity > baseline.perplexity:
            remark(
                f"The network is still behind the n-grams: it had read "
                f"{result.progress.num_tokens_seen:,} tokens when its time was up, for this "
                f"machine is slow or busy. To train it for longer: "
                f"{program()} demo --out {out} --minutes {_longer(result)}\n"
            )
        table = render_cards([card, baseline])
        write_line(f"Beside n-grams, on the same split, the test part:\n\n{table}\n")
    write_line(f"It writes, after {PROMPTS[0].strip()!r}:\n\n{_indented(samples[0])}\n")
    files = [
        (out / "report.html", "the report: open it in a browser"),
        (out / "model", "the model folder: copy it anywhere"),
        (out / "config.toml", "every setting, enough to run it again"),
        (out / "metrics.jsonl", "the figures of the training, a line each"),
        (out / "plots", "the training curve"),
        (out / "checkpoints", "to go on from"),
    ]
    write_line(aligned([(str(path), what) for path, what in files]))
    name = program()
    write_line(
        f"\nTry next:\n\n"
        f'  {name} generate {out} --prompt "class" --temperature 0.6\n'
        f'  {name} next {out} "import"\n'
        f"  {name} evaluate {out} --text YOUR_FILE\n"
        f"  echo 'for i in range(10):' | {name} score {out}\n"
        f"  {name} info {out}\n"
        f"  {name} train YOUR_FILE --out runs/yours --recipe lstm-small\n\n"
        f'  {python()} -c \'import nextword as nw; print(nw.load("{out}").generate("def"))\''
    )


def _longer(result: "RunResult") -> int:
    """Return a number of minutes above those that were spent."""
    return 2 * max(1, round(result.progress.elapsed_s / 60))


def _indented(text: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in text.splitlines())


def _narrate(text: str, *, quiet: bool) -> None:
    if not quiet:
        remark(text)
