from nextword.tokens import merged_pairs

IDS = {"a": 0, "b": 1, "##b": 2, "ab": 3, "aba": 4}


def test_merged_pairs_are_in_the_order_of_the_merges() -> None:
    pairs = merged_pairs(IDS, [("a", "b"), ("ab", "a")])

    assert list(pairs.items()) == [(3, (0, 1)), (4, (3, 0))]


def test_merged_pairs_prefix_of_the_second_token_is_removed() -> None:
    assert merged_pairs(IDS, [("a", "##b")], prefix="##") == {3: (0, 2)}
