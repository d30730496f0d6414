"""`nextword generate`: generate text and print it token by token."""

import dataclasses
import random
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from nextword.cli.lines import given_text
from nextword.cli.loading import load_model
from nextword.cli.options import MAX_SEED, ArpaEncoding, Debug, Device, Json, Model, Precision
from nextword.cli.output import remark, write_json, write_line, write_text

if TYPE_CHECKING:
    from nextword import api
    from nextword.generation import Sample, SamplingConfig

#: Largest number of samples. They are generated in one batch; more do not fit in memory.
MAX_SAMPLES = 100_000


def generate(
    model: Model,
    prompt: Annotated[
        str,
        typer.Option("--prompt", metavar="P", help="Text to continue; - reads standard input."),
    ] = "",
    *,
    max_tokens: Annotated[
        int, typer.Option("--max-tokens", metavar="N", help="Maximum number of tokens.")
    ] = 100,
    temperature: Annotated[
        float,
        typer.Option(
            "--temperature",
            metavar="T",
            help="Divides the logits; 0 always takes the most probable token.",
        ),
    ] = 1.0,
    top_k: Annotated[
        int | None,
        typer.Option("--top-k", metavar="K", help="Sample from the K most probable tokens."),
    ] = None,
    top_p: Annotated[
        float | None,
        typer.Option(
            "--top-p",
            metavar="P",
            help="Sample from the most probable tokens whose probabilities sum to P.",
        ),
    ] = None,
    min_p: Annotated[
        float | None,
        typer.Option(
            "--min-p",
            metavar="P",
            help="Sample from tokens at least P times as probable as the most probable one.",
        ),
    ] = None,
    typical_p: Annotated[
        float | None,
        typer.Option(
            "--typical-p",
            metavar="P",
            help="Sample from the most typical tokens whose probabilities sum to P.",
        ),
    ] = None,
    repetition_penalty: Annotated[
        float,
        typer.Option(
            "--repetition-penalty", metavar="R", help="Values above 1 make repetition less likely."
        ),
    ] = 1.0,
    samples: Annotated[
        int, typer.Option("--samples", metavar="N", help="Number of texts to generate.")
    ] = 1,
    stop: Annotated[
        list[str] | None,
        typer.Option("--stop", metavar="TEXT", help="Stop before this text; repeatable."),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            "--seed", metavar="N", help="Random seed; another one in each call by default."
        ),
    ] = None,
    encoding: ArpaEncoding = None,
    device: Device = "auto",
    precision: Precision = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Continue a prompt, and print the prompt and the generated text token by token.

    A sentence end is printed as a newline and does not stop generation. With --samples above 1,
    each text is printed below a line `--- sample N ---`.

    A model with tokenizer.direction=backward generates each line from its end and prints it when it
    is complete. Its prompt has to end with a newline.
    """
    from nextword.base import require_range
    from nextword.generation import SamplingConfig

    require_range("--max-tokens", max_tokens, low=1)
    require_range("--samples", samples, low=1, high=MAX_SAMPLES)
    require_range("--seed", seed, low=0, high=MAX_SEED)
    if temperature == 0.0:
        filters = {
            "--top-k": top_k,
            "--top-p": top_p,
            "--min-p": min_p,
            "--typical-p": typical_p,
        }
        refuse_filters(filters, samples=samples)
    chosen = random.randrange(2**31) if seed is None else seed
    sampling = SamplingConfig(
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
        min_p=min_p,
        typical_p=typical_p,
        repetition_penalty=repetition_penalty,
    )
    writer = _Writer(
        load_model(model, device=device, encoding=encoding, precision=precision),
        prompt=given_text(prompt),
        sampling=sampling,
        max_tokens=max_tokens,
        stop=tuple(stop or ()),
        seed=chosen,
    )
    if json:
        writer.write_json(samples)
    elif samples == 1:
        writer.stream()
    else:
        writer.write_samples(samples)
    if seed is None and temperature != 0.0 and not json:
        remark(f"note: --seed {chosen} generates this again.")


def refuse_filters(filters: Mapping[str, float | None], *, samples: int) -> None:
    """Raise an error for options without effect at temperature 0, which is deterministic.

    Args:
        filters: Values of the options that restrict sampling, by option; None if not given.
        samples: Number of samples.

    Raises:
        ConfigError: A filter is given, or more than one sample, which would all be equal.
    """
    from nextword.base import ConfigError

    given = [f"{option} {value}" for option, value in filters.items() if value is not None]
    if samples > 1:
        given.append(f"--samples {samples}")
    if given:
        raise ConfigError(
            f"{given[0]} has no effect with --temperature 0, which always takes the most probable "
            "token.",
            help=f"Leave {given[0].split()[0]} out, or set a --temperature above 0.",
        )


class _Writer:
    """Generates text from one prompt and prints it in one of three formats."""

    def __init__(
        self,
        model: "api.Model",
        *,
        prompt: str,
        sampling: "SamplingConfig",
        max_tokens: int,
        stop: tuple[str, ...],
        seed: int,
    ) -> None:
        self._model = model
        self._prompt = prompt
        self._sampling = sampling
        self._max_tokens = max_tokens
        self._stop = stop
        self._seed = seed

    def stream(self) -> None:
        """Print the prompt and one continuation, token by token."""
        pieces = self._model.stream(
            self._prompt,
            max_tokens=self._max_tokens,
            **dataclasses.asdict(self._sampling),
            stop=self._stop,
            seed=self._seed,
        )
        write_text(self._prompt)
        last = self._prompt
        try:
            for piece in pieces:
                write_text(piece.text)
                last = piece.text or last
        finally:
            # Also before the message of an error.
            if not last.endswith("\n"):
                write_line()

    def write_samples(self, num_samples: int) -> None:
        """Print several texts, each below its number."""
        for number, sample in enumerate(self._samples(num_samples), start=1):
            write_line(f"--- sample {number} ---")
            text = self._prompt + sample.text
            write_text(text if text.endswith("\n") else text + "\n")

    def write_json(self, num_samples: int) -> None:
        """Print one JSON object with the prompt and every sample."""
        samples = [
            {
                "text": sample.text,
                "num_tokens": sample.num_tokens,
                "log_prob": sample.log_prob,
                "finish_reason": sample.finish_reason,
            }
            for sample in self._samples(num_samples)
        ]
        write_json({"prompt": self._prompt, "seed": self._seed, "samples": samples})

    def _samples(self, num_samples: int) -> "list[Sample]":
        return self._model.samples(
            self._prompt,
            num_samples=num_samples,
            max_tokens=self._max_tokens,
            **dataclasses.asdict(self._sampling),
            stop=self._stop,
            seed=self._seed,
        )
