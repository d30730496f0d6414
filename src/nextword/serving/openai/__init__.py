"""The OpenAI protocol: models, completions, and the tokenizer as vLLM has it."""

from nextword.serving.openai.completions import completion_routes
from nextword.serving.openai.jobs import check_sampling, chosen_seed, sampling_of
from nextword.serving.openai.listing import listing_routes
from nextword.serving.openai.prompts import Prompt, text_prompt
from nextword.serving.openai.requests import SamplingFields, TokenId
from nextword.serving.openai.samples import SampleText
from nextword.serving.openai.tokenizing import tokenizing_routes

__all__ = [
    "Prompt",
    "SampleText",
    "SamplingFields",
    "TokenId",
    "check_sampling",
    "chosen_seed",
    "completion_routes",
    "listing_routes",
    "sampling_of",
    "text_prompt",
    "tokenizing_routes",
]
