"""`/tokenizer_info`, `/tokenize` and `/detokenize`, as vLLM has them; lm-eval uses them."""

from typing import Annotated

from fastapi import APIRouter, Query

from nextword.serving.context import Context
from nextword.serving.http import ERRORS, Body, StrictBody, readable
from nextword.serving.openai.requests import TokenId
from nextword.tokens import Tokenizer


class TokenizerInfo(Body):
    """The tokenizer of a model.

    Attributes:
        model: Name of the model.
        tokenizer_class: Always `nextword`.
        description: Kind and size of the vocabulary.
        vocab_size: Number of token ids.
        bos_token: The token that is read before a text.
        eos_token: The token that ends a text: the same one.
        unk_token: The token of unknown words.
        pad_token: The token that pads.
    """

    model: str
    tokenizer_class: str = "nextword"
    description: str
    vocab_size: int
    bos_token: str
    eos_token: str
    unk_token: str
    pad_token: str


class TokenizeRequest(StrictBody):
    """A text to encode.

    Attributes:
        model: Name of the model; may be absent if one language model is served.
        prompt: The text. A text that is exactly a special token is encoded as that token.
        add_special_tokens: Whether the boundary token comes first.
    """

    model: str | None = None
    prompt: str
    add_special_tokens: bool = False


class TokenizeResponse(Body):
    """Token ids.

    Attributes:
        tokens: The ids.
        count: Their number.
        max_model_len: Largest number of tokens of a prompt.
    """

    tokens: list[int]
    count: int
    max_model_len: int


class DetokenizeRequest(StrictBody):
    """Token ids to decode."""

    model: str | None = None
    tokens: list[TokenId]


class DetokenizeResponse(Body):
    """The text of token ids."""

    prompt: str


def tokenizing_routes(context: Context) -> APIRouter:
    """Return the routes of the tokenizer."""
    router = APIRouter(tags=["Tokenizer"], responses=ERRORS)

    @router.get("/tokenizer_info")
    async def tokenizer_info(
        model: Annotated[str | None, Query(description="Name of the model.")] = None,
    ) -> TokenizerInfo:
        """Describe the tokenizer of a language model."""
        served = context.models.find(model)
        tokenizer = served.tokenizer
        boundary = tokenizer.token_text(tokenizer.boundary_id)
        return TokenizerInfo(
            model=served.name,
            description=tokenizer.description,
            vocab_size=tokenizer.vocab_size,
            bos_token=boundary,
            eos_token=boundary,
            unk_token=tokenizer.token_text(tokenizer.unknown_id),
            pad_token=tokenizer.token_text(tokenizer.pad_id),
        )

    @router.post("/tokenize")
    def tokenize(request: TokenizeRequest) -> TokenizeResponse:
        """Encode a text."""
        tokenizer = context.models.find(request.model).tokenizer
        tokens = encode_with_special(request.prompt, tokenizer)
        if request.add_special_tokens:
            tokens.insert(0, tokenizer.boundary_id)
        limit = context.limits.max_prompt_tokens
        return TokenizeResponse(tokens=tokens, count=len(tokens), max_model_len=limit)

    @router.post("/detokenize")
    def detokenize(request: DetokenizeRequest) -> DetokenizeResponse:
        """Decode token ids."""
        tokenizer = context.models.find(request.model).tokenizer
        return DetokenizeResponse(prompt=readable(tokenizer.decode(request.tokens)))

    return router


def encode_with_special(text: str, tokenizer: Tokenizer) -> list[int]:
    """Return the ids of a text; the id of a special token if the text is its name.

    Clients ask for the ids of `bos_token` and `eos_token` in this way.
    """
    for special in (tokenizer.boundary_id, tokenizer.unknown_id, tokenizer.pad_id):
        if text == tokenizer.token_text(special):
            return [special]
    ids: list[int] = tokenizer.encode(text).ids.tolist()
    return ids
