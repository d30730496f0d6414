import pytest
import torch

from nextword.benchmarking.measuring import Peaks, peak


@pytest.mark.parametrize("has_bfloat16", [False, True])
def test_peaks_has_the_formats_the_processor_multiplies(
    monkeypatch: pytest.MonkeyPatch, has_bfloat16: bool
) -> None:
    monkeypatch.setattr(peak, "has_fast_bfloat16", lambda device: has_bfloat16)

    rates = Peaks(size=32).rates

    assert list(rates) == [torch.float32, torch.bfloat16][: 1 + has_bfloat16]
    assert all(rate > 0.0 for rate in rates.values())


def test_peaks_is_that_of_the_fastest_product_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([0.0, 4.0] * 5 + [0.0, 2.0, 0.0, 3.0])
    monkeypatch.setattr(peak, "has_fast_bfloat16", lambda device: False)
    monkeypatch.setattr(peak.time, "perf_counter", lambda: next(moments))
    peaks = Peaks(size=10)
    seen = [peaks.rates[torch.float32]]

    for _ in range(2):
        peaks.measure()
        seen.append(peaks.rates[torch.float32])

    assert seen == [2 * 10**3 / 4.0, 2 * 10**3 / 2.0, 2 * 10**3 / 2.0]
