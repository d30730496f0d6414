from typing import Any

import pytest
from torch import nn

from fakes import vocabulary_spec
from nextword.base import ConfigError
from nextword.layers import Dropout, FullSoftmax, LockedDropout, TokenLayers


def layers_of(**options: Any) -> TokenLayers:
    return TokenLayers(vocabulary=vocabulary_spec(), **options)


def test_token_layers_tied_table_is_the_outputs_weight() -> None:
    token_layers = layers_of()
    table = token_layers.table(4)

    output = token_layers.output_head(4, table)

    assert isinstance(output, FullSoftmax)
    assert output.weight is table


def test_token_layers_untied_output_has_a_weight_of_its_own() -> None:
    token_layers = layers_of(tied=False)
    table = token_layers.table(3)

    output = token_layers.output_head(4, table)

    assert isinstance(table, nn.Parameter)
    assert isinstance(output, FullSoftmax)
    assert (tuple(table.shape), tuple(output.weight.shape)) == ((7, 3), (7, 4))


def test_token_layers_frozen_table_is_left_alone() -> None:
    table = layers_of(frozen=True).table(4)

    assert isinstance(table, nn.Parameter)
    assert not table.requires_grad


def test_token_layers_one_hot_have_no_table() -> None:
    assert layers_of(one_hot=True, tied=False).table(7) is None


def test_token_layers_one_hot_cannot_be_tied() -> None:
    token_layers = layers_of(one_hot=True)

    # The widths are no fault of theirs: there is no table to tie.
    token_layers.require_tied_width(7, 4, name="hidden_size")
    with pytest.raises(ConfigError, match=r"model\.tied needs an embedding table"):
        token_layers.table(7)


def test_token_layers_tied_widths_that_differ_are_refused() -> None:
    with pytest.raises(ConfigError, match="embedding_size is 3 and hidden_size 4") as caught:
        layers_of().require_tied_width(3, 4, name="hidden_size")

    assert caught.value.help == "Set them equal, or --set model.tied=false."


def test_token_layers_untied_widths_may_differ() -> None:
    layers_of(tied=False).require_tied_width(3, 4, name="hidden_size")


def test_token_layers_token_input_has_their_shares() -> None:
    token_input = layers_of(input_dropout=0.25, embedding_dropout=0.5).token_input()

    assert token_input.dropout.probability == 0.25
    assert token_input.embedding_dropout == 0.5


@pytest.mark.parametrize(("locked", "kind"), [(True, LockedDropout), (False, Dropout)])
def test_token_layers_dropout_is_locked_or_not(locked: bool, kind: type[nn.Module]) -> None:
    assert type(layers_of(locked=locked).dropout(0.5)) is kind
