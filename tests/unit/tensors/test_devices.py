import pytest
import torch

from nextword.base import ConfigError
from nextword.tensors import resolve_device


def test_resolve_device_cpu_is_there() -> None:
    assert resolve_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize(("has_gpu", "kind"), [(False, "cpu"), (True, "cuda")])
def test_resolve_device_auto_takes_a_gpu_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch, has_gpu: bool, kind: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: has_gpu)

    assert resolve_device().type == kind


def test_resolve_device_unknown_name_says_what_to_use() -> None:
    with pytest.raises(ConfigError, match="device 'gpu' is unknown") as caught:
        resolve_device("gpu")

    assert caught.value.help == "Use auto, cpu, cuda or mps."


@pytest.mark.parametrize("name", ["cuda", "cuda:0", "mps", "meta"])
def test_resolve_device_absent_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)

    with pytest.raises(ConfigError, match=f"device '{name}' is not available") as caught:
        resolve_device(name)

    assert caught.value.help == "Use --device auto or cpu."


def test_resolve_device_index_beyond_the_gpus_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)

    with pytest.raises(ConfigError, match="'cuda:2' is not available"):
        resolve_device("cuda:2")

    assert resolve_device("cuda:1") == torch.device("cuda", 1)
