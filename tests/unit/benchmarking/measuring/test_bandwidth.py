from nextword.benchmarking.measuring import Bandwidth


def test_bandwidth_keeps_the_highest_rate() -> None:
    bandwidth = Bandwidth(2**20)
    first = bandwidth.rate

    bandwidth.measure()

    assert bandwidth.rate >= first > 1e6
    assert bandwidth.num_bytes == 2**20
