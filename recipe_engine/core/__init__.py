"""The core: a run as a pure state machine. No clock, no chance, no input or output; time and randomness come in events.

plan     what will be done            events    what became true
state    what the run has become      apply     events -> state (the fold)
decide   state -> what follows        advance   the door: an event in, an entry and commands out

`advance` is where to begin. This module imports nothing, so that whoever only reads a plan pays for no more.
"""
