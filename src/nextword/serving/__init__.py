"""An HTTP server for models: the OpenAI protocol, sessions and scores."""
