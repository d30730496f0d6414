"""The application: routes and guards. Has no global state; one process can have several."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from nextword import __version__
from nextword.serving.config import ServerConfig
from nextword.serving.context import Context
from nextword.serving.health import health_routes
from nextword.serving.http import (
    OPEN_PATHS,
    BodyGuard,
    CountRequests,
    HostGuard,
    KeyGuard,
    ServerMetrics,
    install_error_handlers,
)
from nextword.serving.models import ServedModels
from nextword.serving.openai import completion_routes, listing_routes, tokenizing_routes
from nextword.serving.page import page_files, page_routes
from nextword.serving.sessions import session_routes
from nextword.serving.tasks import answering_routes, labelling_routes
from nextword.serving.text import prediction_routes, scoring_routes, tracing_routes

_DESCRIPTION = "The OpenAI protocol for recurrent language models, with sessions and scores."

#: Seconds to wait at the end for requests that nobody waits for.
_CLOSE_S = 1.0
_ROUTES = (
    completion_routes,
    listing_routes,
    tokenizing_routes,
    scoring_routes,
    prediction_routes,
    tracing_routes,
    session_routes,
    labelling_routes,
    answering_routes,
    health_routes,
)


def create_app(models: Mapping[str, Any], config: ServerConfig | None = None) -> FastAPI:
    """Return the ASGI application that serves models.

    Its lifespan starts a thread for each model, and completes the running requests at the end.

    Args:
        models: The loaded models by name, of any kind; see `nextword.load`.
        config: The settings; the defaults when None.

    Raises:
        ConfigError: There is no model.
    """
    config = ServerConfig() if config is None else config
    limits = config.limits
    metrics = ServerMetrics()
    served = ServedModels(models, limits=limits, on_step=metrics.on_step)
    context = Context(models=served, limits=limits, metrics=metrics)
    for each in served:
        metrics.watch_engine(each.name, each.engine)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        served.start()
        yield
        # The server has waited for the running requests before.
        await asyncio.to_thread(served.close, grace_s=_CLOSE_S)

    app = FastAPI(
        title="nextword",
        version=__version__,
        description=_DESCRIPTION,
        lifespan=lifespan,
        # Their pages load scripts from other hosts.
        docs_url=None,
        redoc_url=None,
    )
    app.state.models = served
    for routes in _ROUTES:
        app.include_router(routes(context))
    if config.has_page:
        app.include_router(page_routes())
    install_error_handlers(app)
    _add_guards(app, config, metrics)
    return app


def _add_guards(app: FastAPI, config: ServerConfig, metrics: ServerMetrics) -> None:
    """Add the middleware; the last one that is added sees a request first."""
    limits = config.limits
    app.add_middleware(
        BodyGuard,
        max_bytes=limits.max_body_bytes,
        max_depth=limits.max_json_depth,
        timeout_s=limits.body_timeout_s,
    )
    if config.api_key is not None:
        # The page asks for the key.
        open_paths = (*OPEN_PATHS, *page_files()) if config.has_page else OPEN_PATHS
        app.add_middleware(KeyGuard, key=config.api_key, open_paths=open_paths)
    if config.allowed_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(config.allowed_origins),
            allow_methods=["*"],
            allow_headers=["*"],
        )
    app.add_middleware(
        HostGuard, hosts=(config.host, *config.allowed_hosts), origins=config.allowed_origins
    )
    app.add_middleware(CountRequests, metrics=metrics)
