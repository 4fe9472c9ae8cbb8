"""Needs with expectations: what `recipe eval` asks, runs and scores.

    reading    files -> models, diagnostics       model     what may stand in a file       reference   its schema and page
    meanings   names that count as the same       fitting   what the model says, in the shape that a step asks for
    adapting   a scenario as a case of a recipe   arriving  what starts a recipe: its triggers, its schedule
    scoring    a recipe against expectations      verdict   what a need came to            running     all needs of a file
    results    the file that remembers what was paid for

The one rule: a recipe is judged by what it does. Names that the need leaves to its author never decide.
"""

from recipe_engine.evaluate.model import Need, NeedsFile
from recipe_engine.evaluate.reading import read_needs
from recipe_engine.evaluate.running import Evaluation, Terms, evaluate
from recipe_engine.evaluate.scoring import score
from recipe_engine.evaluate.verdict import Verdict, totals

__all__ = ["Evaluation", "Need", "NeedsFile", "Terms", "Verdict", "evaluate", "read_needs", "score", "totals"]
