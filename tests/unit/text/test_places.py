import errno
import os
from pathlib import Path

import pytest

from nextword.base import DataError
from nextword.text.places import find_files, standard_library_files, standard_library_folder


def make_files(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("text\n", encoding="utf-8")


def relative(folder: Path, paths: list[Path]) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in paths]


def test_find_files_folder_gives_all_texts_below_it_sorted(tmp_path: Path) -> None:
    make_files(tmp_path, "b.txt", "a/z.md", "a.txt", "a/b/c.jsonl.gz", "no_suffix", "ptb.train")

    assert relative(tmp_path, find_files(str(tmp_path))) == [
        "a.txt",
        "a/b/c.jsonl.gz",
        "a/z.md",
        "b.txt",
        "no_suffix",
        "ptb.train",
    ]


def test_find_files_folder_passes_over_hidden_files_and_known_binaries(tmp_path: Path) -> None:
    make_files(tmp_path, ".hidden", ".git/config", "x.png", "y.tar.gz", "Z.PDF", "text.txt")

    assert relative(tmp_path, find_files(str(tmp_path))) == ["text.txt"]


def test_find_files_file_named_by_itself_is_read_whatever_its_ending(tmp_path: Path) -> None:
    make_files(tmp_path, "x.png")

    assert find_files(str(tmp_path / "x.png")) == [tmp_path / "x.png"]


def test_find_files_glob_gives_matching_files_sorted(tmp_path: Path) -> None:
    make_files(tmp_path, "b.txt", "a.txt", "c.md", "deep/d.txt", ".hidden.txt")

    assert relative(tmp_path, find_files(f"{tmp_path}/*.txt")) == ["a.txt", "b.txt"]
    assert relative(tmp_path, find_files(f"{tmp_path}/**/*.txt")) == [
        "a.txt",
        "b.txt",
        "deep/d.txt",
    ]


def test_find_files_relative_glob_starts_at_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_files(tmp_path, "here/a.txt", "beside/b.txt")
    monkeypatch.chdir(tmp_path / "here")

    assert find_files("*.txt") == [Path("a.txt")]
    assert find_files("../beside/*.txt") == [Path("../beside/b.txt")]


def test_find_files_name_with_brackets_is_the_file_of_that_name(tmp_path: Path) -> None:
    make_files(tmp_path, "notes[1].txt")

    assert find_files(str(tmp_path / "notes[1].txt")) == [tmp_path / "notes[1].txt"]


def test_find_files_glob_without_match_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no file matches .*\*\.txt"):
        find_files(f"{tmp_path}/*.txt")


def test_find_files_glob_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(DataError, match=r"the pattern a\*\*b\*\* cannot be read"):
        find_files("a**b**")


def test_find_files_missing_file_suggests_the_nearest_name(tmp_path: Path) -> None:
    make_files(tmp_path, "train.txt")

    with pytest.raises(DataError, match=r"there is no file .*trian\.txt\. Did you mean '.*train"):
        find_files(str(tmp_path / "trian.txt"))


def test_find_files_missing_folder_suggests_the_nearest_name(tmp_path: Path) -> None:
    make_files(tmp_path, "corpora/train.txt")

    with pytest.raises(DataError, match=r"Did you mean '.*/corpora'\?"):
        find_files(str(tmp_path / "corpra" / "deep" / "train.txt"))


@pytest.mark.parametrize("spec", ["hf:wikitext", "s3://bucket/text", "gone.parquet"])
def test_find_files_unknown_scheme_is_a_missing_file(
    spec: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")

    with pytest.raises(DataError, match=r"there is no file|is empty"):
        find_files(spec)


def test_find_files_text_in_place_of_a_name_is_refused() -> None:
    with pytest.raises(
        DataError, match=r"characters\) cannot be read: File name too long.*pipe it"
    ):
        find_files("the students opened their " * 40)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("", "the name of a text is ''"),
        (" ", "the name of a text is ' '"),
        ("/", "/ is the root folder"),
        ("//tmp/..", "is the root folder"),
        ("a\x00b", r"'a\\x00b' contains a NUL character"),
        ("a/" * 3000, "cannot be read: File name too long|there is no file"),
    ],
)
def test_find_files_name_that_stands_for_no_text_is_refused(spec: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        find_files(spec)


def test_find_files_link_in_a_ring_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ring.txt").symlink_to(tmp_path / "ring.txt")

    with pytest.raises(DataError, match=r"ring\.txt"):
        find_files(str(tmp_path / "ring.txt"))


def test_find_files_folder_holds_names_that_are_not_utf8(tmp_path: Path) -> None:
    make_files(tmp_path, "caf\udce9.txt")

    assert find_files(str(tmp_path)) == [tmp_path / "caf\udce9.txt"]


def test_find_files_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"the folder .* is empty"):
        find_files(str(tmp_path))


def test_find_files_folder_of_no_text_is_refused(tmp_path: Path) -> None:
    make_files(tmp_path, "x.png", "y.png")

    with pytest.raises(DataError, match=r"contains no text: 2 files.*'\.png'"):
        find_files(str(tmp_path))


def test_standard_library_files_leave_out_tests_and_packages() -> None:
    folder = standard_library_folder()

    names = relative(folder, standard_library_files())

    assert {"abc.py", "json/decoder.py"} <= set(names)
    assert names == sorted(names)
    parts = {part for name in names for part in name.split("/")}
    assert not parts & {"test", "tests", "idlelib", "lib2to3", "site-packages"}


def test_standard_library_files_missing_sources_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path))

    with pytest.raises(DataError, match="no Python sources of the standard library"):
        find_files("stdlib:")


def test_find_files_folder_that_cannot_be_listed_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_files(tmp_path, "a.txt", "closed/b.txt")
    list_folder = os.scandir

    def refuse(path: str) -> object:
        if path.endswith("closed"):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return list_folder(path)

    monkeypatch.setattr(os, "scandir", refuse)

    with pytest.raises(DataError, match=r"the folder .*closed cannot be read: Permission denied"):
        find_files(str(tmp_path))


def test_find_files_link_to_a_missing_file_names_the_target(tmp_path: Path) -> None:
    (tmp_path / "link.txt").symlink_to("gone.txt")

    with pytest.raises(DataError, match=r"link\.txt is a link to gone\.txt, which does not exist"):
        find_files(str(tmp_path / "link.txt"))


@pytest.mark.parametrize("spec", ["", "*.txt"])
def test_find_files_broken_link_among_others_is_refused(tmp_path: Path, spec: str) -> None:
    make_files(tmp_path, "a.txt")
    (tmp_path / "link.txt").symlink_to("gone.txt")

    with pytest.raises(DataError, match=r"link\.txt is a link to gone\.txt, which does not exist"):
        find_files(str(tmp_path / spec))


@pytest.mark.parametrize("name", [".#notes.txt", "picture.png"])
def test_find_files_broken_link_that_is_no_text_is_left_out(tmp_path: Path, name: str) -> None:
    make_files(tmp_path, "a.txt")
    (tmp_path / name).symlink_to("gone")

    assert find_files(str(tmp_path)) == [tmp_path / "a.txt"]
