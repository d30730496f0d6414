import pytest

pytest.importorskip("sklearn")

from nextword.base import ConfigError
from nextword.interop.sklearn import TextClassifier
from nextword.interop.sklearn.training import split_indices
from nextword.parallel import World


def test_split_keeps_every_label_in_training() -> None:
    labels = [["a"]] * 9 + [["b"]]

    for seed in range(20):
        train, valid = split_indices(labels, fraction=0.4, seed=seed)
        assert sorted(train + valid) == list(range(10))
        assert len(valid) == 4
        assert 9 in train


def test_split_of_several_labels_keeps_each() -> None:
    labels = [["a", "b"], ["a"], ["b"], ["a", "c"]]

    for seed in range(20):
        train, _ = split_indices(labels, fraction=0.5, seed=seed)
        assert {label for index in train for label in labels[index]} == {"a", "b", "c"}


def test_split_depends_on_the_seed_only() -> None:
    labels = [["a"]] * 50

    first = split_indices(labels, fraction=0.2, seed=1)

    assert first == split_indices(labels, fraction=0.2, seed=1)
    assert first != split_indices(labels, fraction=0.2, seed=2)


def test_several_processes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class TwoProcesses(World):
        size = 2

    monkeypatch.setattr("nextword.interop.sklearn.training.current_world", TwoProcesses)

    with pytest.raises(ConfigError, match="process group of torch has 2"):
        TextClassifier().fit(["a b", "c"], ["x", "y"])
