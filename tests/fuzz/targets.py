"""What is fuzzed: every reader of files and requests, each with texts that it accepts.

A reader returns, or raises an error of nextword. Every other exception, a hang and a memory that
grows without limit are faults. `run_atheris.py` runs a reader with atheris; `test_targets.py` runs
all of them for a moment with Hypothesis.
"""

import io
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nextword.base import NextwordError

#: Content that a target reads; other content is longer than what finds faults.
MAX_BYTES = 1 << 16


@dataclass(frozen=True, kw_only=True)
class Target:
    """A reader.

    Attributes:
        read: Called with the content and a folder for files.
        seeds: Contents that are read without an error.
    """

    read: Callable[[bytes, Path], object]
    seeds: tuple[bytes, ...]

    def run(self, content: bytes, folder: Path) -> bool:
        """Read a content; return whether it was accepted."""
        try:
            self.read(content[:MAX_BYTES], folder)
        except NextwordError:
            return False
        return True


def _file(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def _settings(content: bytes, folder: Path) -> object:
    from nextword.base import decode
    from nextword.training import RunConfig
    from nextword.training.recipe_files import read_recipe

    return decode(RunConfig, read_recipe(str(_file(folder, "a.toml", content))), source="a.toml")


def _tokenizer(content: bytes, folder: Path) -> object:
    from nextword.tokens import VocabularyTokenizer

    tokenizer = VocabularyTokenizer.load(_file(folder, "tokenizer.json", content))
    return tokenizer.decode(tokenizer.encode("the cat\nsat \udcff é"))


def _manifest(content: bytes, folder: Path) -> object:
    from nextword.storage.manifest import verify_manifest

    _file(folder, "MANIFEST.json", content)
    return verify_manifest(folder)


def _safetensors(content: bytes, folder: Path) -> object:
    from nextword.storage.tensors_file import map_tensors

    return map_tensors(_file(folder, "model.safetensors", content))


def _arpa(content: bytes, folder: Path) -> object:
    from nextword.storage import load_model

    return load_model(_file(folder, "model.arpa", content)).model


def _tagged(name: str) -> Callable[[bytes, Path], object]:
    def read(content: bytes, folder: Path) -> object:
        from nextword.tasks.tagging.files import open_tagged_files

        [file] = open_tagged_files([str(_file(folder, name, content))])
        return list(file.sentences(needs_labels=True))

    return read


def _corpus(name: str) -> Callable[[bytes, Path], object]:
    def read(content: bytes, folder: Path) -> object:
        from nextword.text import open_corpus

        return list(open_corpus([str(_file(folder, name, content))]).pieces())

    return read


def _rows(name: str) -> Callable[[bytes, Path], object]:
    def read(content: bytes, folder: Path) -> object:
        from nextword.tasks.classification.files import ColumnsConfig, read_rows

        return list(read_rows([str(_file(folder, name, content))], ColumnsConfig()))

    return read


def _pairs(content: bytes, folder: Path) -> object:
    from nextword.tasks.transduction.files import read_pairs

    return list(read_pairs([str(_file(folder, "a.tsv", content))]))


def _questions(content: bytes, folder: Path) -> object:
    from nextword.tasks.reading.files import read_items

    return list(read_items([str(_file(folder, "a.json", content))]))


def _vectors(content: bytes, folder: Path) -> object:
    from nextword.layers.embeddings.pretrained import read_vectors

    return read_vectors(io.BytesIO(content), name="a.vec", wanted={"the", "cat"})


def _nbest(content: bytes, folder: Path) -> object:
    from nextword.interop.nbest import read_nbest

    return read_nbest(_file(folder, "nbest", content))


def _store(content: bytes, folder: Path) -> object:
    from nextword.tokens import TokenizerConfig, open_store, train_tokenizer

    _file(folder, "store.json", content)
    return open_store(folder, tokenizer=train_tokenizer(TokenizerConfig(kind="byte"), []))


def _draft(content: bytes, folder: Path) -> object:
    from nextword.tokens import kept_text_bytes

    place = folder / "train" / "encoding"
    place.mkdir(parents=True, exist_ok=True)
    _file(place, "progress.json", content)
    return kept_text_bytes(folder)


class _Server:
    """A server with one tiny model, started when it is first used."""

    def __init__(self) -> None:
        self.opened: Any = None
        self.client: Any = None

    def post(self, path: str, content: bytes) -> None:
        if self.client is None:
            from served_models import client_of, served_model

            # Kept here, because it ends the server when it is no longer used.
            self.opened = client_of({"words": served_model()})
            self.client = self.opened.__enter__()
        headers = {"content-type": "application/json"}
        answer = self.client.post(path, content=content, headers=headers)
        assert answer.status_code < 500, f"{path}: {answer.status_code} {answer.text[:300]}"
        answer.json()


_server = _Server()


def _requests(content: bytes, folder: Path) -> object:
    for path in ("/v1/completions", "/v1/score", "/v1/next", "/v1/trace", "/v1/sessions"):
        _server.post(path, content)
    return None


TARGETS: Mapping[str, Target] = {
    "settings": Target(
        read=_settings,
        seeds=(
            b'[model]\nfamily = "recurrent"\nhidden_size = 8\n[training]\nepochs = 2\n',
            b'[tokenizer]\nkind = "word"\nmin_count = 1\n[optimizer]\nkind = "sgd"\n',
        ),
    ),
    "manifest": Target(read=_manifest, seeds=(b'{"format_version": 1, "files": {}}',)),
    "jsonl": Target(read=_corpus("a.jsonl"), seeds=(b'{"text": "the cat\\n"}\n{"text": ""}\n',)),
    "text": Target(read=_corpus("a.txt"), seeds=(b"the cat\nsat\n", b"\xef\xbb\xbfcaf\xc3\xa9\n")),
    "conll": Target(
        read=_tagged("a.conllu"),
        seeds=(b"1\tthe\tthe\tDET\t_\t_\t0\troot\t_\t_\n\n",),
    ),
    "columns": Target(
        read=_tagged("a.tsv"), seeds=(b"the DT O\ncat NN B-X\n\n", b"the\tO\ncat\tB-X\n")
    ),
    "tsv": Target(read=_rows("a.tsv"), seeds=(b"label\ttext\na\tthe cat\nb\tthe dog\n",)),
    "csv": Target(read=_rows("a.csv"), seeds=(b'label,text\na,"the ""cat"""\nb,dog\n',)),
    "labelled jsonl": Target(
        read=_rows("a.jsonl"), seeds=(b'{"text": "the cat", "label": "a"}\n',)
    ),
    "fasttext": Target(read=_rows("a.ft"), seeds=(b"__label__a the cat\n",)),
    "pairs": Target(read=_pairs, seeds=(b"ab\tba\nc\td\n", b'{"source": "a", "target": "b"}\n')),
    "questions": Target(
        read=_questions,
        seeds=(
            b'{"passage": "Mary left.", "question": "Who?", "answer": "Mary"}\n',
            b"1 Mary left.\n2 Who left?\tMary\t1\n",
            b'{"data": [{"paragraphs": [{"context": "Mary", "qas": [{"id": "1", "question": "Who?",'
            b' "answers": [{"text": "Mary", "answer_start": 0}]}]}]}]}',
        ),
    ),
    "vectors": Target(
        read=_vectors,
        seeds=(
            b"2 2\nthe 0.5 1\ncat 2 -1\n",
            b"the 0.5 1\ncat 2 -1\n",
            b"1 1\nthe \x00\x00\x80\x3f\n",
        ),
    ),
    "nbest": Target(
        read=_nbest,
        seeds=(
            b"u-1 the cat\nu-2 a cat\n",
            b"u\t-1\tthe cat\n",
            b'{"id": "u", "nbest": [{"text": "a"}]}\n',
        ),
    ),
    "arpa": Target(
        read=_arpa,
        seeds=(
            b"\\data\\\nngram 1=4\nngram 2=1\n\n\\1-grams:\n-1\t<unk>\n0\t<s>\t-0.3\n-1\t</s>\n"
            b"-0.5\tthe\t-0.2\n\n\\2-grams:\n-0.1\t<s> the\n\n\\end\\\n",
        ),
    ),
    "draft": Target(read=_draft, seeds=(b'{"format_version": 1}',)),
    "store": Target(read=_store, seeds=()),
    "safetensors": Target(
        read=_safetensors,
        seeds=(
            (59).to_bytes(8, "little")
            + b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}     '
            + bytes(4),
        ),
    ),
    "tokenizer": Target(read=_tokenizer, seeds=()),
    "requests": Target(
        read=_requests,
        seeds=(
            b'{"model": "words", "prompt": "w1 w2", "max_tokens": 2}',
            b'{"model": "words", "lines": ["w1"], "text": "w1", "context": "w1"}',
        ),
    ),
}


def seeds_of(name: str) -> tuple[bytes, ...]:
    """The accepted contents of a target; those of a tokenizer and of a store are made here."""
    if name == "tokenizer":
        from nextword.tokens import TokenizerConfig, train_tokenizer

        kinds = (
            TokenizerConfig(min_count=1),
            TokenizerConfig(kind="character"),
            TokenizerConfig(kind="bpe", vocab_size=262),
        )
        return tuple(
            train_tokenizer(kind, ["the cat\n" * 3]).to_json().encode("utf-8") for kind in kinds
        )
    if name == "store":
        from nextword.text import Corpus, text_document
        from nextword.tokens import TokenizerConfig, build_store, train_tokenizer

        document = text_document("the cat\n", name="made")
        corpus = Corpus(description="made", open_documents=lambda: iter([document]))
        with tempfile.TemporaryDirectory() as made:
            tokenizer = train_tokenizer(TokenizerConfig(kind="byte"), [])
            build_store(corpus, tokenizer, folder=Path(made))
            return ((Path(made) / "store.json").read_bytes(),)
    return TARGETS[name].seeds
