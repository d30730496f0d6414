"""`/v1/tag` and `/v1/classify`."""

from typing import Annotated

from fastapi import APIRouter
from fastapi import Request as HttpRequest
from pydantic import Field

from nextword.serving.context import Context
from nextword.serving.http import ERRORS, Body, StrictBody, run_call
from nextword.serving.tasks.items import require_words

Sentence = str | Annotated[list[str], Field(min_length=1)]


class TagRequest(StrictBody):
    """Sentences to tag.

    Attributes:
        model: Name of the tagger; may be absent if one is served.
        sentences: The sentences: texts, which are split at white space, or their words.
        probabilities: Whether the probability of each label is returned.
    """

    model: str | None = None
    sentences: Annotated[list[Sentence], Field(min_length=1)]
    probabilities: bool = False


class TaggedWord(Body):
    """A word with its label.

    Attributes:
        text: The word.
        label: Its label.
        probability: Its probability; null unless it was asked for.
    """

    text: str
    label: str
    probability: float | None = None


class TagBody(Body):
    """The words of each sentence with their labels."""

    model: str
    sentences: list[list[TaggedWord]]


class ClassifyRequest(StrictBody):
    """Texts to classify.

    Attributes:
        model: Name of the classifier; may be absent if one is served.
        texts: The texts.
    """

    model: str | None = None
    texts: Annotated[list[str], Field(min_length=1)]


class ClassifiedBody(Body):
    """A text with its labels.

    Attributes:
        labels: The predicted labels, most probable first.
        probabilities: Probability of every label.
    """

    labels: list[str]
    probabilities: dict[str, float]


class ClassifyBody(Body):
    """The labels of each text."""

    model: str
    results: list[ClassifiedBody]


def labelling_routes(context: Context) -> APIRouter:
    """Return the routes of taggers and classifiers."""
    router = APIRouter(tags=["Tasks"], responses=ERRORS)
    timeout_s = context.limits.request_timeout_s

    @router.post("/v1/tag")
    async def tag(request: TagRequest, http: HttpRequest) -> TagBody:
        """Label the words of sentences."""
        served = context.models.find(request.model, task="tagging")
        words = [each.split() if isinstance(each, str) else each for each in request.sentences]
        require_words(context, "sentences", items=words)

        def tagged() -> list[list[TaggedWord]]:
            found = served.model.tag_sentences(words, with_probabilities=request.probabilities)
            return [[TaggedWord(**token.to_dict()) for token in tokens] for tokens in found]

        sentences = await run_call(served.engine, tagged, http=http, timeout_s=timeout_s)
        return TagBody(model=served.name, sentences=sentences)

    @router.post("/v1/classify")
    async def classify(request: ClassifyRequest, http: HttpRequest) -> ClassifyBody:
        """Label texts."""
        served = context.models.find(request.model, task="classification")
        require_words(context, "texts", items=[text.split() for text in request.texts])

        def classified() -> list[ClassifiedBody]:
            return [
                ClassifiedBody(labels=list(each.labels), probabilities=each.probabilities)
                for each in served.model.predict(request.texts)
            ]

        results = await run_call(served.engine, classified, http=http, timeout_s=timeout_s)
        return ClassifyBody(model=served.name, results=results)

    return router
