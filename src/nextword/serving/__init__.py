"""An HTTP server for models: the OpenAI protocol, sessions and scores."""

# First, for its error message.
from nextword.serving.extra import require_serve  # isort: skip
from nextword.serving.application import create_app
from nextword.serving.config import Limits, ServerConfig
from nextword.serving.server import run_server

__all__ = ["Limits", "ServerConfig", "create_app", "require_serve", "run_server"]
