"""Settings of a tagger or a text classifier for transformers; a copy is beside the weights."""

from typing import Any

from transformers import PreTrainedConfig


class NextwordTaskConfig(PreTrainedConfig):
    """Sizes of an encoder of words, and what its outputs are used for.

    Args:
        vocab_size: Number of word ids; 0 is the padding, 1 an unknown word.
        word_embedding_size: Size of the word embeddings; 0 for none.
        num_characters: Number of character ids; 0 is the padding.
        characters: Features from the characters of a word: `none`, `cnn` or `bilstm`.
        character_embedding_size: Size of the character embeddings.
        character_hidden_size: Number of filters of the `cnn`, or size of each direction of the
            `bilstm`.
        cell: `lstm`, `gru` or `elman`.
        nonlinearity: `tanh` or `relu`, of the Elman cell.
        hidden_size: Size of the state of each layer in each direction, for an LSTM that of c.
        projection_size: Size of the projected outputs of each direction of an LSTM; 0 for none.
        num_hidden_layers: Number of layers.
        bidirectional: Whether the layers read in both directions.
        pooling: From the vectors of the words of a text to one: `last`, `mean`, `max` or
            `attention`; for classification.
        max_words: Number of words from which a text is cut; no limit when None.
        ngram_table_size: Number of slots of the n-gram features of a classifier; 0 for none.
        label_decoder: `softmax` or `crf`; for token classification.
        num_tags: Number of labels inside the CRF.
        pair_labels: Label id of each tag of the CRF (column) after each tag (row), and in the last
            row at the beginning; -1 where it is not allowed. When None, tags are labels.
        end_tags: Whether a sentence may end with each tag, as 0 or 1; all may when empty.
        crf_logits: What the logits of a CRF are. `best`: the log-probability of the best label
            sequence with this label at this word, minus that of the best sequence of all; the label
            with the largest logit is that of the best sequence. `marginal`: the log-probability of
            the label at this word, summed over all label sequences.
        dropout: Dropout probability of the inputs and outputs of the layers, for fine-tuning.
    """

    model_type = "nextword_task"

    def __init__(
        self,
        *,
        vocab_size: int = 1000,
        word_embedding_size: int = 100,
        num_characters: int = 100,
        characters: str = "none",
        character_embedding_size: int = 32,
        character_hidden_size: int = 64,
        cell: str = "lstm",
        nonlinearity: str = "tanh",
        hidden_size: int = 200,
        projection_size: int = 0,
        num_hidden_layers: int = 1,
        bidirectional: bool = True,
        pooling: str = "max",
        max_words: int | None = None,
        ngram_table_size: int = 0,
        label_decoder: str = "softmax",
        num_tags: int = 0,
        pair_labels: list[list[int]] | None = None,
        end_tags: list[int] | tuple[int, ...] = (),
        crf_logits: str = "best",
        dropout: float = 0.0,
        pad_token_id: int | None = 0,
        **kwargs: Any,
    ) -> None:
        self.vocab_size = vocab_size
        self.word_embedding_size = word_embedding_size
        self.num_characters = num_characters
        self.characters = characters
        self.character_embedding_size = character_embedding_size
        self.character_hidden_size = character_hidden_size
        self.cell = cell
        self.nonlinearity = nonlinearity
        self.hidden_size = hidden_size
        self.projection_size = projection_size
        self.num_hidden_layers = num_hidden_layers
        self.bidirectional = bidirectional
        self.pooling = pooling
        self.max_words = max_words
        self.ngram_table_size = ngram_table_size
        self.label_decoder = label_decoder
        self.num_tags = num_tags
        self.pair_labels = pair_labels
        self.end_tags = list(end_tags)
        self.crf_logits = crf_logits
        self.dropout = dropout
        kwargs["tie_word_embeddings"] = False
        super().__init__(pad_token_id=pad_token_id, **kwargs)
        # Some versions of transformers reset what the base class does not know.
        self.pad_token_id = pad_token_id

    @property
    def character_size(self) -> int:
        """Size of the character features of a word."""
        if self.characters == "none":
            return 0
        return self.character_hidden_size * (2 if self.characters == "bilstm" else 1)

    @property
    def input_size(self) -> int:
        """Size of the vectors of words before the layers."""
        return self.word_embedding_size + self.character_size

    @property
    def output_size(self) -> int:
        """Size of the outputs of a layer."""
        return (self.projection_size or self.hidden_size) * (2 if self.bidirectional else 1)
