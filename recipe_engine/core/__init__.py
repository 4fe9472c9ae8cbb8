"""The core: a run as a pure state machine. No clock, no chance, no input or output; time and randomness come in events.

plan     what will be done            events    what became true
state    what the run has become      apply     events -> state (the fold)
decide   state -> what follows        advance   the door: an event in, an entry and commands out
"""

from recipe_engine.core.advance import Advance, advance, fits, new_state, outstanding, replay
from recipe_engine.core.failure import Failure
from recipe_engine.core.plan import Plan
from recipe_engine.core.state import State

__all__ = ["Advance", "Failure", "Plan", "State", "advance", "fits", "new_state", "outstanding", "replay"]
