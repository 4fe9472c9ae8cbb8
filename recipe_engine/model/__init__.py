"""What authors write, as models: the recipe, its triggers, its steps and the small values in them.

values.py     durations, money, identifiers, cron lines
steps.py      the control steps, and the one model of all actions
triggers.py   what starts a run
recipe.py     the document as a whole
read.py       a document into models, every error of shape at once
problems.py   collects diagnostics; what pydantic refuses, in the words of recipes
"""

from recipe_engine.model.problems import Path, Problems
from recipe_engine.model.read import MAX_DEPTH, ActionTypes, Reading, read_recipe
from recipe_engine.model.recipe import Concurrency, Goal, Recipe, RoiMetrics, RunLimits
from recipe_engine.model.steps import (
    COMMON_FIELDS,
    CONTROL_STEPS,
    ActionStep,
    Approval,
    Block,
    BranchCase,
    BranchStep,
    BrokenStep,
    ForEachStep,
    GroupStep,
    ParallelStep,
    RecipeStep,
    RepeatStep,
    RetryPolicy,
    SetStep,
    Step,
    StopStep,
    TransformStep,
    WaitStep,
)
from recipe_engine.model.triggers import (
    TRIGGERS,
    EventTrigger,
    FormTrigger,
    PollTrigger,
    Respond,
    ScheduleTrigger,
    Trigger,
    WebhookTrigger,
)
from recipe_engine.model.values import Money, Pace, shown

__all__ = [
    "COMMON_FIELDS",
    "CONTROL_STEPS",
    "MAX_DEPTH",
    "TRIGGERS",
    "ActionStep",
    "ActionTypes",
    "Approval",
    "Block",
    "BranchCase",
    "BranchStep",
    "BrokenStep",
    "Concurrency",
    "EventTrigger",
    "ForEachStep",
    "FormTrigger",
    "Goal",
    "GroupStep",
    "Money",
    "Pace",
    "ParallelStep",
    "Path",
    "PollTrigger",
    "Problems",
    "Reading",
    "Recipe",
    "RecipeStep",
    "RepeatStep",
    "Respond",
    "RetryPolicy",
    "RoiMetrics",
    "RunLimits",
    "ScheduleTrigger",
    "SetStep",
    "Step",
    "StopStep",
    "TransformStep",
    "Trigger",
    "WaitStep",
    "WebhookTrigger",
    "read_recipe",
    "shown",
]
