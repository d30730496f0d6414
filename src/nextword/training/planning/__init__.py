"""Plans: parameters, memory and time of a training before it starts."""

from nextword.training.planning.ngram_plan import NgramPlan
from nextword.training.planning.planner import Plan, plan_training

__all__ = ["NgramPlan", "Plan", "plan_training"]
