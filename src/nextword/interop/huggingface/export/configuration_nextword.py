"""Settings of a recurrent language model for transformers; a copy is beside the weights."""

from typing import Any

from transformers import PreTrainedConfig


class NextwordConfig(PreTrainedConfig):
    """Sizes of a recurrent language model.

    Args:
        vocab_size: Number of tokens.
        cell: `lstm`, `gru` or `elman`.
        hidden_size: Size of the outputs of the last layer.
        num_hidden_layers: Number of layers.
        layer_sizes: Size of the state of each layer, lowest first, for an LSTM that of c;
            `hidden_size` for each when None.
        is_projected: Project the outputs of each LSTM layer to `hidden_size`.
        embedding_size: Size of the embeddings; `hidden_size` when None.
        nonlinearity: `tanh` or `relu`, of the Elman cell.
        residual: Add the input of a layer to its output, from the second layer on.
        learnt_initial_state: The state before the first token is a parameter instead of zero.
        cutoffs: First id of each cluster of an adaptive softmax but the first; empty for a full
            softmax.
        cluster_sizes: Vector size of the words of each cluster of an adaptive softmax.
        never_ids: Ids with probability 0.
        dropout: Dropout probability of the inputs of each layer and of the head, for fine-tuning.
    """

    model_type = "nextword_rnn"
    keys_to_ignore_at_inference = ["past_key_values"]  # noqa: RUF012

    def __init__(
        self,
        *,
        vocab_size: int = 1000,
        cell: str = "lstm",
        hidden_size: int = 200,
        num_hidden_layers: int = 1,
        layer_sizes: list[int] | None = None,
        is_projected: bool = False,
        embedding_size: int | None = None,
        nonlinearity: str = "tanh",
        residual: bool = False,
        learnt_initial_state: bool = False,
        cutoffs: list[int] | tuple[int, ...] = (),
        cluster_sizes: list[int] | tuple[int, ...] = (),
        never_ids: list[int] | tuple[int, ...] = (),
        dropout: float = 0.0,
        use_cache: bool = True,
        pad_token_id: int | None = None,
        bos_token_id: int | None = None,
        eos_token_id: int | None = None,
        tie_word_embeddings: bool = True,
        **kwargs: Any,
    ) -> None:
        self.vocab_size = vocab_size
        self.cell = cell
        self.hidden_size = hidden_size
        self.num_hidden_layers = num_hidden_layers
        self.layer_sizes = layer_sizes
        self.is_projected = is_projected
        self.embedding_size = embedding_size
        self.nonlinearity = nonlinearity
        self.residual = residual
        self.learnt_initial_state = learnt_initial_state
        self.cutoffs = list(cutoffs)
        self.cluster_sizes = list(cluster_sizes)
        self.never_ids = list(never_ids)
        self.dropout = dropout
        self.use_cache = use_cache
        super().__init__(
            pad_token_id=pad_token_id,
            bos_token_id=bos_token_id,
            eos_token_id=eos_token_id,
            tie_word_embeddings=tie_word_embeddings,
            **kwargs,
        )
        # Some versions of transformers reset what the base class does not know.
        self.pad_token_id, self.bos_token_id = pad_token_id, bos_token_id
        self.eos_token_id, self.tie_word_embeddings = eos_token_id, tie_word_embeddings

    @property
    def state_sizes(self) -> list[int]:
        """Size of the state of each layer, lowest first."""
        return self.layer_sizes or [self.hidden_size] * self.num_hidden_layers

    @property
    def output_sizes(self) -> list[int]:
        """Size of the outputs of each layer, lowest first."""
        if self.is_projected:
            return [self.hidden_size] * self.num_hidden_layers
        return self.state_sizes

    @property
    def input_size(self) -> int:
        """Size of the embeddings."""
        return self.embedding_size or self.hidden_size

    @property
    def clusters(self) -> list[tuple[int, int]]:
        """First id of each cluster of the adaptive softmax, and the id after its last one."""
        return list(zip([0, *self.cutoffs], [*self.cutoffs, self.vocab_size], strict=True))
