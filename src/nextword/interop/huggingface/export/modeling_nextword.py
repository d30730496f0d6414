"""Recurrent language models for transformers: stacks of LSTM, GRU or Elman layers.

nextword writes a copy of this file beside the weights. It needs torch and transformers only.
A position that `attention_mask` excludes leaves the state unchanged, so padding on either side does
not change the logits of the tokens.
"""

import math
from typing import Any

import torch
from torch import Tensor, nn
from transformers import GenerationMixin, PreTrainedModel
from transformers import initialization as init
from transformers.modeling_outputs import BaseModelOutputWithPast, CausalLMOutputWithPast

from .cache_nextword import NextwordCache
from .configuration_nextword import NextwordConfig
from .layers_nextword import (
    AdaptiveEmbedding,
    AdaptiveHead,
    make_layer,
    reordered,
    run_layer,
    tokens_first,
)


class NextwordPreTrainedModel(PreTrainedModel):
    """Base class: how weights are initialized."""

    config_class = NextwordConfig
    base_model_prefix = "model"
    _is_stateful = True
    _no_split_modules = ("LSTM", "GRU", "RNN")

    @classmethod
    def _supports_default_dynamic_cache(cls) -> bool:
        """Tell `generate` that the model creates its own cache."""
        return False

    def resize_token_embeddings(self, *arguments: Any, **options: Any) -> nn.Module:
        """Change the number of tokens; refused for an adaptive softmax, whose ids are in order."""
        if self.config.cutoffs:
            raise ValueError("an adaptive softmax has its words in the order of frequency")
        resized: nn.Module = super().resize_token_embeddings(*arguments, **options)
        return resized

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.RNNBase):
            _init_layer(module)
        elif isinstance(module, nn.Linear):
            _init_matrix(module.weight, module.in_features)
            if module.bias is not None:
                init.zeros_(module.bias)
        elif isinstance(module, nn.Embedding):
            _init_matrix(module.weight, module.embedding_dim)
        elif isinstance(module, AdaptiveHead):
            init.zeros_(module.bias)
        elif isinstance(module, nn.ParameterList):
            for parameter in module:
                init.zeros_(parameter)


def _init_layer(layer: nn.RNNBase) -> None:
    for name, parameter in layer.named_parameters():
        if name.startswith("weight"):
            _init_matrix(parameter, layer.hidden_size)
        else:
            init.zeros_(parameter)
    if isinstance(layer, nn.LSTM):
        # The forget gate, the second of four, starts nearly open.
        bias: Any = layer.bias_ih_l0
        init.ones_(bias[layer.hidden_size : 2 * layer.hidden_size])


def _init_matrix(matrix: Tensor, size: int) -> None:
    init.uniform_(matrix, -(size**-0.5), size**-0.5)


class NextwordModel(NextwordPreTrainedModel):
    """Embeddings and a stack of recurrent layers."""

    def __init__(self, config: NextwordConfig) -> None:
        super().__init__(config)
        if config.cutoffs and config.tie_word_embeddings:
            self.embedding: Any = AdaptiveEmbedding(config, config.input_size)
        else:
            self.embedding = nn.Embedding(config.vocab_size, config.input_size)
        self.layers: Any = nn.ModuleList(
            make_layer(config, depth) for depth in range(config.num_hidden_layers)
        )
        self.dropout = nn.Dropout(config.dropout)
        sizes = [size for depth in range(len(self.layers)) for size in self._state_sizes(depth)]
        if config.learnt_initial_state:
            self.initial_state = nn.ParameterList(torch.zeros(size) for size in sizes)
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        """Return the embedding layer."""
        found: nn.Module = self.embedding
        return found

    def set_input_embeddings(self, value: nn.Module) -> None:
        """Replace the embedding layer."""
        self.embedding = value

    def _state_sizes(self, depth: int) -> list[int]:
        """Return the size of each tensor in the state of a layer."""
        output_size = self.config.output_sizes[depth]
        if self.config.cell == "lstm":
            return [output_size, self.config.state_sizes[depth]]
        return [output_size]

    def new_cache(self) -> NextwordCache:
        """Return the cache of a text of which nothing has been read."""
        return NextwordCache(len(self.layers), 2 if self.config.cell == "lstm" else 1)

    def _initial_state(self, depth: int, inputs: Tensor) -> tuple[Tensor, ...]:
        sizes = self._state_sizes(depth)
        if not self.config.learnt_initial_state:
            return tuple(inputs.new_zeros(len(inputs), size) for size in sizes)
        first = depth * len(sizes)
        parts = [self.initial_state[first + number] for number in range(len(sizes))]
        return tuple(part.expand(len(inputs), -1).contiguous() for part in parts)

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        *,
        inputs_embeds: Tensor | None = None,
        past_key_values: NextwordCache | None = None,
        use_cache: bool | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
        **kwargs: Any,
    ) -> BaseModelOutputWithPast | tuple[Any, ...]:
        """Read tokens.

        Args:
            input_ids: Ids, (batch, time).
            attention_mask: 0 where a position is padding, (batch, time); a longer mask ends with
                that of these tokens.
            inputs_embeds: Embeddings in place of ids, (batch, time, embedding_size).
            past_key_values: The state before these tokens; it is changed.
            use_cache: Whether to return the state after these tokens.
            output_hidden_states: Whether to return the embeddings and the outputs of each layer.
            return_dict: Whether to return named values.
            **kwargs: Ignored; transformers passes arguments of other models.

        Returns:
            Outputs of the last layer, (batch, time, size). Padding after tokens repeats the output
            of the last one; padding before them has 0.
        """
        if (input_ids is None) == (inputs_embeds is None):
            raise ValueError("give either input_ids or inputs_embeds")
        hidden = self.embedding(input_ids) if inputs_embeds is None else inputs_embeds
        if use_cache is None:
            use_cache = self.config.use_cache and not self.training
        cache = past_key_values if past_key_values is not None else self.new_cache()
        order, lengths = tokens_first(attention_mask, hidden)
        collected = [hidden]
        hidden = reordered(hidden, order)
        for depth, layer in enumerate(self.layers):
            state = cache.layers[depth].read() or self._initial_state(depth, hidden)
            outputs, after = run_layer(layer, self.dropout(hidden), state=state, lengths=lengths)
            hidden = outputs + hidden if depth and self.config.residual else outputs
            collected.append(self._in_place(hidden, order, lengths))
            if use_cache or past_key_values is not None:
                cache.layers[depth].write(after)
        cache.num_tokens_read += hidden.shape[1]
        if output_hidden_states is None:
            output_hidden_states = self.config.output_hidden_states
        found = BaseModelOutputWithPast(
            last_hidden_state=collected[-1],
            past_key_values=cache if use_cache else None,
            hidden_states=tuple(collected) if output_hidden_states else None,
        )
        return found if _is_named(self.config, return_dict) else found.to_tuple()

    @staticmethod
    def _in_place(hidden: Tensor, order: Tensor | None, lengths: Tensor | None) -> Tensor:
        """Return outputs at the positions of their tokens.

        Padding after tokens repeats the output of the last one, so that the last position of a row
        always predicts what follows its text; padding before them has 0.
        """
        if order is None or lengths is None:
            return hidden
        num_read = (order.argsort(dim=1) < lengths.unsqueeze(1)).cumsum(dim=1)
        repeated = reordered(hidden, (num_read - 1).clamp(min=0))
        return repeated.masked_fill((num_read == 0).unsqueeze(2), 0.0)


class NextwordForCausalLM(NextwordPreTrainedModel, GenerationMixin):
    """A recurrent language model: `NextwordModel` with a full or an adaptive softmax.

    The logits of an adaptive softmax are log-probabilities, which a softmax leaves unchanged.
    """

    _tied_weights_keys = {"lm_head.weight": "model.embedding.weight"}  # noqa: RUF012

    def __init__(self, config: NextwordConfig) -> None:
        super().__init__(config)
        self.model = NextwordModel(config)
        if config.cutoffs:
            # The head reads the tables of the embedding where both are tied.
            self._tied_weights_keys = {}
            self.lm_head: Any = AdaptiveHead(config)
        else:
            self.lm_head = nn.Linear(config.hidden_size, config.vocab_size)
        self.dropout = nn.Dropout(config.dropout)
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        """Return the embedding layer."""
        found: nn.Module = self.model.embedding
        return found

    def set_input_embeddings(self, value: nn.Module) -> None:
        """Replace the embedding layer."""
        self.model.embedding = value

    def get_output_embeddings(self) -> nn.Module | None:
        """Return the output layer; None for an adaptive softmax, which is not one matrix."""
        return None if self.config.cutoffs else self.lm_head

    def set_output_embeddings(self, new_embeddings: nn.Module) -> None:
        """Replace the output layer."""
        self.lm_head = new_embeddings

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        *,
        inputs_embeds: Tensor | None = None,
        past_key_values: NextwordCache | None = None,
        labels: Tensor | None = None,
        use_cache: bool | None = None,
        output_hidden_states: bool | None = None,
        logits_to_keep: int | Tensor = 0,
        return_dict: bool | None = None,
        **kwargs: Any,
    ) -> CausalLMOutputWithPast | tuple[Any, ...]:
        """Read tokens and return the logits of the next token after each.

        Args:
            input_ids: Ids, (batch, time).
            attention_mask: 0 where a position is padding, (batch, time).
            inputs_embeds: Embeddings in place of ids, (batch, time, embedding_size).
            past_key_values: The state before these tokens; it is changed.
            labels: The ids again, for the loss; -100 where a position is not counted.
            use_cache: Whether to return the state after these tokens.
            output_hidden_states: Whether to return the embeddings and the outputs of each layer.
            logits_to_keep: Compute the logits of the last positions only; 0 for all.
            return_dict: Whether to return named values.
            **kwargs: Arguments of the loss, such as `num_items_in_batch`.

        Returns:
            Logits, (batch, time, vocab_size), the loss if there are labels, and the state.
        """
        outputs = self.model(
            input_ids,
            attention_mask,
            inputs_embeds=inputs_embeds,
            past_key_values=past_key_values,
            use_cache=use_cache,
            output_hidden_states=output_hidden_states,
            return_dict=True,
        )
        kept: Any = logits_to_keep
        if isinstance(logits_to_keep, int):
            kept = slice(-logits_to_keep if logits_to_keep else None, None)
        logits = self._logits(self.dropout(outputs.last_hidden_state[:, kept]))
        loss = None
        if labels is not None:
            size = self.config.vocab_size
            loss = self.loss_function(logits=logits, labels=labels, vocab_size=size, **kwargs)
        found = CausalLMOutputWithPast(
            loss=loss,
            logits=logits,
            past_key_values=outputs.past_key_values,
            hidden_states=outputs.hidden_states,
        )
        return found if _is_named(self.config, return_dict) else found.to_tuple()

    def _logits(self, hidden: Tensor) -> Tensor:
        never_ids = torch.tensor(self.config.never_ids, dtype=torch.long, device=hidden.device)
        if isinstance(self.lm_head, AdaptiveHead):
            log_probs: Tensor = self.lm_head(hidden, self.model.embedding, never_ids=never_ids)
            return log_probs
        logits: Tensor = self.lm_head(hidden)
        return logits.index_fill(-1, never_ids, -math.inf)


def _is_named(config: NextwordConfig, return_dict: bool | None) -> bool:
    return bool(config.return_dict if return_dict is None else return_dict)
