"""Tagged files and sentences for tests of taggers."""

from io import BytesIO

from nextword.tasks.tagging.files import Sentence, TaggedFile, open_tagged_files

CONLLU = (
    "# sent_id = 1\n"
    "# text = vámonos al mar\n"
    "1-2\tvámonos\t_\t_\t_\t_\t_\t_\t_\t_\n"
    "1\tvamos\tir\tVERB\tV\t_\t0\troot\t_\t_\n"
    "2\tnos\tnosotros\tPRON\tP\t_\t1\tobj\t_\t_\n"
    "2.1\tx y\t_\tNOUN\t_\t_\t_\t_\t_\t_\n"
    "3\t10 000\tmar\tNUM\t_\tA=b\t1\tobl\t_\tSpaceAfter=No\n"
    "\n"
    "1\t_\t_\tX\tF\t_\t0\troot\t_\t_\n"
)


def tagged(content: str | bytes, **settings: object) -> TaggedFile:
    content = content.encode() if isinstance(content, str) else content
    [file] = open_tagged_files(["-"], standard_input=BytesIO(content), **settings)  # type: ignore[arg-type]
    return file


def read(content: str | bytes, *, needs_labels: bool = True, **settings: object) -> list[Sentence]:
    return list(tagged(content, **settings).sentences(needs_labels=needs_labels))


def rewritten(sentences: list[Sentence]) -> str:
    return "".join(each.with_labels(each.labels or ()) for each in sentences)


def sentence_of(words: str, labels: str) -> Sentence:
    """Return a sentence of words and labels that are separated by blanks; each is a line."""
    names = tuple(words.split())
    return Sentence(
        words=names,
        labels=tuple(labels.split()),
        file="dev.txt",
        first_line=1,
        lines=(),
        rows=tuple(range(len(names))),
    )
