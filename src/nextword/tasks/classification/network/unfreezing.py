"""Gradual unfreezing of the language models inside an encoder: from the top layer down."""

from collections.abc import Sequence

from torch import nn

from nextword.models import NeuralLanguageModel


class GradualUnfreezing:
    """Trains one more layer of each language model after every few epochs.

    Epoch 0 trains no layer of the language models, only what is new. Then come the layers from the
    top down, and last the embedding.

    Args:
        models: The language models.
        every: Number of epochs between two layers.

    Source: [howard2018], section 3.3.
    """

    def __init__(self, models: Sequence[NeuralLanguageModel], *, every: int) -> None:
        self._layers = [_layers_from_top(model) for model in models]
        self._every = every

    def drop_gradients(self, *, epoch: int) -> None:
        """Remove the gradients of the layers that are not trained yet.

        The optimizer skips parameters without a gradient.

        Args:
            epoch: Number of completed epochs.
        """
        num_trained = epoch // self._every
        for layers in self._layers:
            for layer in layers[num_trained:]:
                for parameter in layer:
                    parameter.grad = None


def _layers_from_top(model: NeuralLanguageModel) -> list[list[nn.Parameter]]:
    """Return the parameters of each layer, the top one first, then all other parameters."""
    modules: Sequence[nn.Module] = list(getattr(model.core, "layers", ()))
    layers = [list(module.parameters()) for module in reversed(modules)]
    inside = {id(parameter) for layer in layers for parameter in layer}
    return [*layers, [each for each in model.parameters() if id(each) not in inside]]
