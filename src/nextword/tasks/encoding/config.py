"""The settings of the encoder, `encoder.*`."""

from dataclasses import dataclass
from typing import Literal

from nextword.base import NonNegativeInt, PositiveInt, Probability, require, settings
from nextword.cells import CELLS, Nonlinearity
from nextword.families.contract import NumLayers
from nextword.families.regularization import DropoutProbability


@settings("encoder")
@dataclass(frozen=True, kw_only=True)
class EncoderConfig:
    """`encoder.*`: from words to vectors.

    Attributes:
        cell: Cell of the recurrent layers; those of `model.cell`.
        nonlinearity: σ of the Elman cells: `tanh`, `sigmoid` or `relu`.
        forget_bias: Initial bias of the forget gate, in every kind of LSTM.
        num_layers: Number of stacked layers.
        hidden_size: Size of the hidden state of every layer, in each direction.
        projection_size: Size of the projected hidden state of `lstm_projected`.
        bidirectional: Read each sentence in both directions.
        word_embedding_size: Size of the word embeddings; 0 for none.
        min_count: Number of occurrences from which a word of the training data has its own
            embedding.
        lowercase: Look words up in lower case; characters keep their case.
        normalize_digits: Look words up with every digit replaced by 0; characters keep the digits.
        unknown_probability: Probability in training that a word with one occurrence is replaced
            by `<unk>`.
        vectors: File of pretrained word vectors (word2vec, GloVe or fastText .vec) that the word
            embeddings start from.
        add_words: Number of words of that file that are added to the vocabulary although they are
            not in the training data.
        freeze_vectors: Keep the pretrained vectors unchanged in training.
        characters: Features from the characters of each word: `none`, `cnn` or `bilstm`.
        character_embedding_size: Size of the character embeddings.
        character_hidden_size: Number of character features: filters of the `cnn`, or the hidden
            size of each direction of the `bilstm`.
        language_models: Folders of trained language models whose hidden states become features.
        huggingface: Encoder of Hugging Face transformers, such as BERT, whose hidden states become
            features: a folder written by `save_pretrained`, or a name on the hub.
        subwords: Feature of a word that the Hugging Face encoder reads as several sub-tokens: the
            hidden state of the `first` one, or the `mean` of all.
        fine_tune: Train the weights of the language models and of the Hugging Face encoder too.
        word_dropout: Probability in training that the vector of a word is zero in a whole batch.
        input_dropout: Dropout probability of the inputs of the first recurrent layer.
        layer_dropout: Dropout probability between recurrent layers.
        output_dropout: Dropout probability of the outputs.
        locked: Use one dropout mask for all words of a sentence instead of a new one for each.
        recurrent_dropout: Dropout probability of the hidden state in the recurrent product.
    """

    cell: str = "lstm"
    nonlinearity: Nonlinearity = "tanh"
    forget_bias: float = 1.0
    num_layers: NumLayers = 1
    hidden_size: PositiveInt = 200
    projection_size: PositiveInt | None = None
    bidirectional: bool = True
    word_embedding_size: NonNegativeInt = 100
    min_count: PositiveInt = 1
    lowercase: bool = False
    normalize_digits: bool = True
    unknown_probability: Probability = 0.5
    vectors: str | None = None
    add_words: NonNegativeInt = 100_000
    freeze_vectors: bool = False
    characters: Literal["none", "cnn", "bilstm"] = "cnn"
    character_embedding_size: PositiveInt = 32
    character_hidden_size: PositiveInt = 64
    language_models: tuple[str, ...] = ()
    huggingface: str | None = None
    subwords: Literal["first", "mean"] = "first"
    fine_tune: bool = False
    word_dropout: DropoutProbability = 0.05
    input_dropout: DropoutProbability = 0.33
    layer_dropout: DropoutProbability = 0.33
    output_dropout: DropoutProbability = 0.33
    locked: bool = True
    recurrent_dropout: DropoutProbability = 0.0

    def __post_init__(self) -> None:
        CELLS.check(self.cell)
        require(
            (self.projection_size is not None) == (self.cell == "lstm_projected"),
            f"projection_size is {self.projection_size} and cell is {self.cell!r}; only "
            "'lstm_projected' has a projection, and it needs a size.",
            help="Set encoder.projection_size if and only if encoder.cell is lstm_projected.",
        )
        require(
            self.vectors is None or self.word_embedding_size > 0,
            f"vectors is {self.vectors!r}, but word_embedding_size is 0.",
            help="Leave encoder.vectors out, or set encoder.word_embedding_size.",
        )
