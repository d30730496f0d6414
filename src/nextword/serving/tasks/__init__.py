"""Endpoints for the models of tasks: taggers, classifiers, transducers and readers."""

from nextword.serving.tasks.answering import answering_routes
from nextword.serving.tasks.labelling import labelling_routes

__all__ = ["answering_routes", "labelling_routes"]
