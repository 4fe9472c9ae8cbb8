"""What the operations of a runtime raise, each with a hint that says what to do.

OperationError         an operation on runs could not be carried out
|- UnknownRun          no run of that name
|- OperationRefused    it does not fit what the run, or the runtime, is doing now
|- NotAnswered         the owner of the database did not answer in time; the request is kept
|- DatabaseOwned       another process owns the database
`- StorageError        the database cannot be used: full disk, read-only folder, newer version, damaged file
"""

from __future__ import annotations

from recipe_engine.errors import RecipeError


class OperationError(RecipeError):
    """An operation on runs that could not be carried out."""


class UnknownRun(OperationError):
    """There is no run of that name."""

    def __init__(self, run_id: str) -> None:
        super().__init__(f"there is no run {run_id!r}", "`recipe runs list` shows the runs of this database")
        self.run_id = run_id


class OperationRefused(OperationError):
    """The operation does not fit what the run, or the runtime, is doing now."""


class NotAnswered(OperationError):
    """The request is kept in the database, and whoever owns it next will carry it out."""


class DatabaseOwned(OperationError):
    """Another process drives the runs of this database."""


class StorageError(OperationError):
    """The database cannot be used. What was committed before is safe."""
