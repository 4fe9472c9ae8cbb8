"""What people and programs see of a run.

words.py      durations, moments, values in a line
narrate.py    journal entries -> happenings, one for each thing worth a line
progress.py   happenings as lines, as JSON lines, or live on a terminal
outcome.py    a run that ended or parked: output, effects, and how to go on
"""
