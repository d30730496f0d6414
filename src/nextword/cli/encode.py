"""`nextword encode`: a vector for each line, and nearest neighbours."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nextword.cli.lines import STANDARD_INPUT, lines_of, open_lines
from nextword.cli.loading import load_vector_encoder
from nextword.cli.options import BatchSize, Debug, Device, EncodingErrors, Field, Model
from nextword.cli.output import remark, write_json, write_line

if TYPE_CHECKING:
    import numpy as np
    from jaxtyping import Float32

    from nextword.tasks.embedding import Neighbour, TextVector

_DEFAULT_NUMBER = 5


def encode(
    model: Model,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="File with the lines; - is standard input.")
    ] = STANDARD_INPUT,
    *,
    pooling: Annotated[
        str,
        typer.Option(
            "--pooling",
            metavar="last|mean|max",
            help="From the vectors of the tokens to that of the line.",
        ),
    ] = "mean",
    layer: Annotated[
        int,
        typer.Option(
            "--layer",
            metavar="N",
            help="Layer whose outputs are pooled: 0 is the embeddings, 1 the lowest layer, -1 the "
            "highest one.",
        ),
    ] = -1,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE.npy", help="Write the vectors to a NumPy file, a row per line."
        ),
    ] = None,
    nearest: Annotated[
        int | None,
        typer.Option(
            "--nearest",
            metavar="K",
            help="Print the K nearest other lines of each line instead of vectors.",
        ),
    ] = None,
    query: Annotated[
        str | None,
        typer.Option("--query", metavar="TEXT", help="Print the lines nearest to TEXT."),
    ] = None,
    batch_size: BatchSize = None,
    encoding_errors: EncodingErrors = "strict",
    field: Field = None,
    device: Device = "auto",
    json: Annotated[
        bool,
        typer.Option("--json", help="Print JSON; vectors on standard output are always JSON."),
    ] = False,
    debug: Debug = False,
) -> None:
    """Print one JSON object per line of a text: line number, text, and vector.

    A vector covers the tokens of the line. The boundary that a language model reads before them is
    not pooled, and the line end is not read. A line without tokens gets zeros. With --out, the
    vectors go to a file. With --nearest or --query, lines are compared by the cosine of their
    vectors, and neighbours are printed.
    """
    from nextword.base import require_range
    from nextword.tasks.embedding import check_vector_path

    require_range("--nearest", nearest, low=1)
    if out is not None:
        check_vector_path(out)
    encoder = load_vector_encoder(
        model, device=device, pooling=pooling, layer=layer, batch_size=batch_size
    )
    vectors = encoder.stream(
        _remarked_if_empty(_texts(file, field=field, encoding_errors=encoding_errors), file)
    )
    if out is not None:
        vectors = _also_written(vectors, out, size=encoder.size)
    if query is not None:
        [vector] = encoder.encode([query])
        _print_nearest_to(query, vector, vectors, k=nearest or _DEFAULT_NUMBER, json=json)
    elif nearest is not None:
        _print_nearest_among(vectors, k=nearest, json=json)
    elif out is not None:
        _print_summary(out, number=sum(1 for _ in vectors), size=encoder.size, json=json)
    else:
        for each in vectors:
            write_json({"line": each.line, "text": each.text, "vector": _numbers(each.vector)})


def _texts(file: str, *, field: str | None, encoding_errors: str) -> Iterator[str]:
    """Iterate over the lines of a text; each record of JSON lines is one text."""
    corpus = open_lines(file, field=field, encoding_errors=encoding_errors)
    if corpus.num_json_sources:
        for document in corpus:
            yield "".join(document.pieces())
    else:
        for line in lines_of(corpus):
            yield line.removesuffix("\r")


def _remarked_if_empty(texts: Iterator[str], file: str) -> Iterator[str]:
    is_empty = True
    for text in texts:
        is_empty = False
        yield text
    if is_empty:
        remark(f"note: {file} has no lines.")


def _also_written(
    vectors: "Iterable[TextVector]", out: Path, *, size: int
) -> "Iterator[TextVector]":
    """Iterate over vectors and write each to a file, which appears at the end."""
    from nextword.tasks.embedding import new_vector_file

    with new_vector_file(out, size=size) as file:
        for each in vectors:
            file.append(each.vector)
            yield each


def _print_nearest_to(
    query: str,
    vector: "Float32[np.ndarray, ' size']",
    vectors: "Iterable[TextVector]",
    *,
    k: int,
    json: bool,
) -> None:
    from nextword.base import DataError
    from nextword.tasks.embedding import nearest_to

    if not vector.any():
        raise DataError(
            f"--query {query!r} has no tokens, so no line is near to it.",
            help="Name a text with at least one token.",
        )
    found = nearest_to(vector, vectors, k=k)
    if json:
        write_json({"query": query, "nearest": [each.to_dict() for each in found]})
        return
    for each in found:
        write_line(_row(each))


def _print_nearest_among(vectors: "Iterable[TextVector]", *, k: int, json: bool) -> None:
    import numpy as np

    from nextword.tasks.embedding import nearest_among

    kept = [(each.text, each.vector) for each in vectors]
    if not kept:
        return
    texts = [text for text, _ in kept]
    matrix = np.stack([vector for _, vector in kept])
    for line, found in enumerate(nearest_among(texts, matrix, k=k), start=1):
        if json:
            nearest = [each.to_dict() for each in found]
            write_json({"line": line, "text": texts[line - 1], "nearest": nearest})
            continue
        rows = (f"\n    {_row(each)}" for each in found)
        write_line(f"{line}  {texts[line - 1]}" + "".join(rows))


def _row(neighbour: "Neighbour") -> str:
    return f"{neighbour.similarity:.4f}  {neighbour.line}  {neighbour.text}"


def _print_summary(out: Path, *, number: int, size: int, json: bool) -> None:
    if json:
        write_json({"path": str(out), "num_lines": number, "size": size})
    else:
        write_line(f"{out}: {number:,} vectors of size {size}")


def _numbers(vector: "Float32[np.ndarray, ' size']") -> list[float]:
    """Return the values with the 9 significant digits that identify a float32."""
    return [float(f"{value:.9g}") for value in vector.tolist()]
