"""Taggers and text classifiers of nextword for transformers.

nextword writes a copy of this file beside the weights. It needs torch and transformers only.
Padding on either side does not change the logits of the words.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel
from transformers import initialization as init
from transformers.modeling_outputs import (
    BaseModelOutput,
    SequenceClassifierOutput,
    TokenClassifierOutput,
)

from .configuration_nextword_task import NextwordTaskConfig
from .crf_nextword_task import IGNORED, LinearChainCrf
from .layers_nextword_task import (
    CharacterCnn,
    Pooling,
    character_layer,
    recurrent_layer,
    reordered,
    run_layer,
    words_first,
)


class NextwordTaskPreTrainedModel(PreTrainedModel):
    """Base class: how weights are initialized."""

    config_class = NextwordTaskConfig
    base_model_prefix = "model"
    _no_split_modules = ("LSTM", "GRU", "RNN")
    #: The loss is a mean over the words of the batch.
    accepts_loss_kwargs = False

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.RNNBase):
            _init_layer(module)
        elif isinstance(module, nn.Linear | nn.Conv1d):
            size = module.weight[0].numel()
            init.uniform_(module.weight, -(size**-0.5), size**-0.5)
            if module.bias is not None:
                init.zeros_(module.bias)
        elif isinstance(module, nn.Embedding):
            init.uniform_(module.weight, -0.25, 0.25)
            if module.padding_idx is not None:
                init.zeros_(module.weight[module.padding_idx])
        elif isinstance(module, CharacterCnn):
            init.zeros_(module.bias)
        elif isinstance(module, nn.EmbeddingBag | LinearChainCrf):
            for parameter in module.parameters():
                init.zeros_(parameter)


def _init_layer(layer: nn.RNNBase) -> None:
    bound = layer.hidden_size**-0.5
    for name, parameter in layer.named_parameters():
        if name.startswith("weight"):
            init.uniform_(parameter, -bound, bound)
        else:
            init.zeros_(parameter)


class NextwordTaskModel(NextwordTaskPreTrainedModel):
    """Word embeddings and character features, and a stack of recurrent layers."""

    def __init__(self, config: NextwordTaskConfig) -> None:
        super().__init__(config)
        self.embedding: Any = None
        if config.word_embedding_size:
            self.embedding = nn.Embedding(config.vocab_size, config.word_embedding_size)
        self.characters: Any = character_layer(config)
        self.layers: Any = nn.ModuleList(
            recurrent_layer(config, depth) for depth in range(config.num_hidden_layers)
        )
        self.dropout = nn.Dropout(config.dropout)
        self.post_init()

    def get_input_embeddings(self) -> Any:
        """Return the embedding layer of the words; None without word embeddings."""
        return self.embedding

    def set_input_embeddings(self, value: nn.Module) -> None:
        """Replace the embedding layer."""
        self.embedding = value

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        *,
        character_ids: Tensor | None = None,
        inputs_embeds: Tensor | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
        **kwargs: Any,
    ) -> BaseModelOutput | tuple[Any, ...]:
        """Read the words of texts.

        Args:
            input_ids: Ids of the words, (batch, time).
            attention_mask: 0 where a position is padding, (batch, time); the positions of
                `pad_token_id` when None.
            character_ids: Ids of the characters of each word, (batch, time, characters); 0 is
                padding.
            inputs_embeds: Vectors in place of ids and characters, (batch, time, input_size).
            output_hidden_states: Whether to return the inputs and outputs of each layer.
            return_dict: Whether to return named values.
            **kwargs: Ignored; transformers passes arguments of other models.

        Returns:
            Outputs of the last layer, (batch, time, output_size); 0 at padding.
        """
        if (input_ids is None) == (inputs_embeds is None):
            raise ValueError("give either input_ids or inputs_embeds")
        mask = word_mask(self.config, input_ids, attention_mask=attention_mask, like=inputs_embeds)
        hidden = inputs_embeds
        if hidden is None:
            hidden = self._vectors(input_ids, character_ids, mask)
        order, back = words_first(mask)
        lengths = mask.sum(1)
        hidden = hidden * mask[:, :, None]
        collected = [hidden]
        hidden = self.dropout(reordered(hidden, order))
        for layer in self.layers:
            if hidden.numel():
                hidden = run_layer(layer, hidden, lengths=lengths)
            else:
                hidden = hidden.new_zeros(*hidden.shape[:2], self.config.output_size)
            collected.append(reordered(hidden, back))
        if output_hidden_states is None:
            output_hidden_states = self.config.output_hidden_states
        found = BaseModelOutput(
            last_hidden_state=self.dropout(collected[-1]),
            hidden_states=tuple(collected) if output_hidden_states else None,
        )
        return found if _is_named(self.config, return_dict) else found.to_tuple()

    def _vectors(self, input_ids: Any, character_ids: Tensor | None, mask: Tensor) -> Tensor:
        """Return the vectors of words before the layers, (batch, time, input_size)."""
        # A text without words comes as an empty tensor of floats.
        input_ids = input_ids.long()
        parts = [] if self.embedding is None else [self.embedding(input_ids)]
        if self.characters is not None:
            if character_ids is None:
                raise ValueError("this model reads characters; pass the character_ids too")
            weight = next(self.characters.parameters())
            found = weight.new_zeros(*input_ids.shape, self.config.character_size)
            if bool(mask.any()):
                found[mask] = self.characters(character_ids[mask]).to(found.dtype)
            parts.append(found)
        return torch.cat(parts, dim=2)


class NextwordForTokenClassification(NextwordTaskPreTrainedModel):
    """A tagger: a label for each word.

    With a CRF the logits are those that `crf_logits` of the settings names. The label with the
    largest logit is then, with `best`, that of the most probable label sequence.
    """

    def __init__(self, config: NextwordTaskConfig) -> None:
        super().__init__(config)
        self.num_labels = config.num_labels
        self.model = NextwordTaskModel(config)
        self.crf: Any = LinearChainCrf(config) if config.label_decoder == "crf" else None
        number = config.num_tags if config.label_decoder == "crf" else config.num_labels
        self.classifier: Any = nn.Linear(config.output_size, number)
        self.post_init()

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        *,
        character_ids: Tensor | None = None,
        inputs_embeds: Tensor | None = None,
        labels: Tensor | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
        **kwargs: Any,
    ) -> TokenClassifierOutput | tuple[Any, ...]:
        """Return the logits of the labels of each word.

        Args:
            input_ids: Ids of the words, (batch, time).
            attention_mask: 0 where a position is padding, (batch, time).
            character_ids: Ids of the characters of each word, (batch, time, characters).
            inputs_embeds: Vectors in place of ids and characters.
            labels: Id of the label of each word, for the loss, (batch, time); -100 where it is not
                known.
            output_hidden_states: Whether to return the inputs and outputs of each layer.
            return_dict: Whether to return named values.
            **kwargs: Ignored; transformers passes arguments of other models.

        Returns:
            Logits, (batch, time, labels), and the loss in nats per word if there are labels.
        """
        outputs = self.model(
            input_ids,
            attention_mask,
            character_ids=character_ids,
            inputs_embeds=inputs_embeds,
            output_hidden_states=output_hidden_states,
            return_dict=True,
        )
        emissions = self.classifier(outputs.last_hidden_state).float()
        mask = word_mask(self.config, input_ids, attention_mask=attention_mask, like=inputs_embeds)
        loss, logits = None, emissions
        if self.crf is None:
            if labels is not None:
                known = labels.masked_fill(~mask, IGNORED)
                loss = functional.cross_entropy(emissions.flatten(0, 1), known.flatten())
        elif emissions.shape[1]:
            order, back = words_first(mask)
            lengths = mask.sum(1).clamp(min=1)
            ordered = reordered(emissions, order)
            found = self.crf(ordered, lengths, kind=self.config.crf_logits)
            logits = reordered(found, back)
            if labels is not None:
                known = reordered(labels.masked_fill(~mask, IGNORED), order)
                total = self.crf.nll(ordered, lengths, labels=known).sum()
                loss = (total / (known != IGNORED).sum().clamp(min=1)).to(emissions.dtype)
        else:
            logits = emissions.new_zeros(*emissions.shape[:2], self.num_labels)
        result = TokenClassifierOutput(
            loss=loss, logits=logits, hidden_states=outputs.hidden_states
        )
        return result if _is_named(self.config, return_dict) else result.to_tuple()


class NextwordForSequenceClassification(NextwordTaskPreTrainedModel):
    """A text classifier: logits of the labels of a text."""

    def __init__(self, config: NextwordTaskConfig) -> None:
        super().__init__(config)
        self.num_labels = config.num_labels
        self.model = NextwordTaskModel(config)
        self.pooling = Pooling(config)
        self.classifier: Any = nn.Linear(config.output_size, config.num_labels)
        self.ngrams: Any = None
        if config.ngram_table_size:
            self.ngrams = nn.EmbeddingBag(
                config.ngram_table_size + 1, config.num_labels, mode="sum", padding_idx=0
            )
        self.post_init()

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        *,
        character_ids: Tensor | None = None,
        ngram_ids: Tensor | None = None,
        inputs_embeds: Tensor | None = None,
        labels: Tensor | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
        **kwargs: Any,
    ) -> SequenceClassifierOutput | tuple[Any, ...]:
        """Return the logits of the labels of each text.

        Args:
            input_ids: Ids of the words, (batch, time).
            attention_mask: 0 where a position is padding, (batch, time).
            character_ids: Ids of the characters of each word, (batch, time, characters).
            ngram_ids: Ids of the n-grams of each text, each once, (batch, n-grams); 0 is padding.
            inputs_embeds: Vectors in place of ids and characters.
            labels: Id of the label of each text, (batch); for several labels per text 1 for each
                that it has, (batch, labels).
            output_hidden_states: Whether to return the inputs and outputs of each layer.
            return_dict: Whether to return named values.
            **kwargs: Ignored; transformers passes arguments of other models.

        Returns:
            Logits, (batch, labels), and the loss in nats per text if there are labels.
        """
        mask = word_mask(self.config, input_ids, attention_mask=attention_mask, like=inputs_embeds)
        if self.config.max_words is not None:
            mask = mask & (mask.cumsum(1) <= self.config.max_words)
        outputs = self.model(
            input_ids,
            mask,
            character_ids=character_ids,
            inputs_embeds=inputs_embeds,
            output_hidden_states=output_hidden_states,
            return_dict=True,
        )
        hidden = outputs.last_hidden_state
        pooled = hidden.new_zeros(len(hidden), self.config.output_size)
        if hidden.shape[1]:
            order, _ = words_first(mask)
            pooled = self.pooling(reordered(hidden, order), mask.sum(1))
        logits = self.classifier(pooled).float()
        if self.ngrams is not None:
            if ngram_ids is None:
                raise ValueError("this model reads n-grams; pass the ngram_ids too")
            if ngram_ids.shape[1]:
                logits = logits + self.ngrams(ngram_ids)
        found = SequenceClassifierOutput(
            loss=None if labels is None else self._loss(logits, labels),
            logits=logits,
            hidden_states=outputs.hidden_states,
        )
        return found if _is_named(self.config, return_dict) else found.to_tuple()

    def _loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        if self.config.problem_type == "multi_label_classification":
            return functional.binary_cross_entropy_with_logits(logits, labels.to(logits.dtype))
        if self.config.problem_type == "regression":
            return functional.mse_loss(logits.squeeze(), labels.to(logits.dtype).squeeze())
        return functional.cross_entropy(logits, labels.view(-1))


def word_mask(
    config: NextwordTaskConfig,
    input_ids: Tensor | None,
    *,
    attention_mask: Tensor | None,
    like: Tensor | None,
) -> Tensor:
    """Return which positions are words, (batch, time)."""
    if attention_mask is not None:
        return attention_mask.bool()
    if like is not None:
        return torch.ones(like.shape[:2], dtype=torch.bool, device=like.device)
    found: Any = input_ids
    return found.ne(config.pad_token_id)  # type: ignore[no-any-return]


def _is_named(config: NextwordTaskConfig, return_dict: bool | None) -> bool:
    return bool(config.return_dict if return_dict is None else return_dict)
