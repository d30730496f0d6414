"""`/v1/transduce` and `/v1/read`."""

from typing import Annotated

from fastapi import APIRouter
from fastapi import Request as HttpRequest
from pydantic import Field

from nextword.serving.context import Context
from nextword.serving.http import ERRORS, ApiError, Body, Readable, StrictBody, run_call
from nextword.serving.tasks.items import require_words
from nextword.tasks.decoding.search import SearchConfig
from nextword.tasks.reading.files import Item, Turn, split_passage

Beam = Annotated[int, Field(ge=1, le=32)]


class TransduceRequest(StrictBody):
    """Sources to map to targets.

    Attributes:
        model: Name of the transducer; may be absent if one is served.
        sources: The sources.
        beam: Number of partial targets that the search keeps; 1 is greedy search.
        n_best: Number of targets of each source, at most `beam`.
    """

    model: str | None = None
    sources: Annotated[list[str], Field(min_length=1)]
    beam: Beam = 1
    n_best: Beam = 1


class TargetBody(Body):
    """A target.

    Attributes:
        target: Its text.
        log_prob: log p(target | source), in nats.
        score: What targets are ranked by.
        is_cut: Whether it was ended at its maximum length.
    """

    target: Readable
    log_prob: float
    score: float
    is_cut: bool


class TransduceBody(Body):
    """The targets of each source, best first."""

    model: str
    results: list[list[TargetBody]]


class TurnFields(StrictBody):
    """An earlier question of a conversation, and its answer."""

    question: str
    answer: str = ""


class QuestionFields(StrictBody):
    """A question about a passage.

    Attributes:
        passage: The passage, or its sentences.
        question: The question.
        history: Earlier turns of the conversation, oldest first.
        candidates: Answers to choose from, if the reader picks candidates.
    """

    passage: str | Annotated[list[str], Field(min_length=1)]
    question: str
    history: list[TurnFields] = Field(default_factory=list)
    candidates: list[str] = Field(default_factory=list)

    def item(self) -> Item:
        """Return the question as readers take it."""
        text, starts = split_passage(self.passage)
        return Item(
            passage=text,
            question=self.question,
            history=tuple(
                Turn(question=turn.question, answer=turn.answer) for turn in self.history
            ),
            candidates=tuple(self.candidates),
            starts=starts,
        )


class ReadRequest(StrictBody):
    """Questions to answer.

    Attributes:
        model: Name of the reader; may be absent if one is served.
        questions: The questions.
    """

    model: str | None = None
    questions: Annotated[list[QuestionFields], Field(min_length=1)]


class AnswerBody(Body):
    """An answer.

    Attributes:
        answer: Its text.
        log_prob: log p(answer | passage, question, history), in nats.
        span: First character in the passage and the one after the last, if answers are spans.
        is_cut: Whether a written answer was ended at its maximum length.
    """

    answer: Readable
    log_prob: float
    span: tuple[int, int] | None
    is_cut: bool


class ReadBody(Body):
    """The answer to each question."""

    model: str
    results: list[AnswerBody]


def answering_routes(context: Context) -> APIRouter:
    """Return the routes of transducers and readers."""
    router = APIRouter(tags=["Tasks"], responses=ERRORS)
    timeout_s = context.limits.request_timeout_s

    @router.post("/v1/transduce")
    async def transduce(request: TransduceRequest, http: HttpRequest) -> TransduceBody:
        """Map sources to targets."""
        served = context.models.find(request.model, task="transduction")
        require_words(context, "sources", items=[source.split() for source in request.sources])
        if request.n_best > request.beam:
            raise ApiError(
                f"n_best is {request.n_best}, above beam {request.beam}.",
                help="Raise beam.",
                param="n_best",
            )
        search = served.model.with_search(
            SearchConfig(beam_size=request.beam, n_best=request.n_best)
        )

        def transduced() -> list[list[TargetBody]]:
            found = search.transduce_texts(request.sources)
            return [[TargetBody(**each.to_dict()) for each in targets] for targets in found]

        results = await run_call(served.engine, transduced, http=http, timeout_s=timeout_s)
        return TransduceBody(model=served.name, results=results)

    @router.post("/v1/read")
    async def read(request: ReadRequest, http: HttpRequest) -> ReadBody:
        """Answer questions about passages."""
        served = context.models.find(request.model, task="reading")
        items = [question.item() for question in request.questions]
        require_words(context, "questions", items=[item.passage.split() for item in items])

        def answers() -> list[AnswerBody]:
            return [
                AnswerBody(
                    answer=found.text,
                    log_prob=found.log_prob,
                    span=found.span,
                    is_cut=found.is_cut,
                )
                for found in served.model.read_items(items)
            ]

        results = await run_call(served.engine, answers, http=http, timeout_s=timeout_s)
        return ReadBody(model=served.name, results=results)

    return router
