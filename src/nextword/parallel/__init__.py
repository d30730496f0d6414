"""Training on several processes: which they are, and what they exchange.

Each process has the whole model and a part of each batch. The gradients of all processes are
summed, so that the weights stay equal.
"""

from nextword.parallel.joining import join_processes
from nextword.parallel.process_group import current_world
from nextword.parallel.world import World

__all__ = ["World", "current_world", "join_processes"]
