"""Testing: what `recipe test` is made of, for programs and for authors of connectors.

    run_file("recipes/quote.test.yml")            what a test file comes to
    load_cases("recipes/quote.test.yml")          its cases, one by one, for pytest
    await run_case("recipes/quote.yml", {...})    a case written in Python
    sandbox_context(connector)                    a connector's actions over its sandbox

files      finds and runs files        reading    files -> models, diagnostics    model      what may stand in a file
running    one case, start to end      world      memory, sandboxes, clock        judging    outcome against expectation
matching   expected against found      coverage   steps and ways taken            report, wording, junit   what is told
cases      cases as values             actions    actions without a recipe            server     a sandbox over HTTP
"""

from recipe_engine.testing.actions import START, ActionFailure, SandboxContext, sandbox_context
from recipe_engine.testing.cases import CaseFailed, RecipeTest, load_cases, run_case
from recipe_engine.testing.files import NoTests, check_file, find_files, run_file, run_file_async
from recipe_engine.testing.matching import Miss
from recipe_engine.testing.report import CaseReport, FileReport, totals

__all__ = [
    "START",
    "ActionFailure",
    "CaseFailed",
    "CaseReport",
    "FileReport",
    "Miss",
    "NoTests",
    "RecipeTest",
    "SandboxContext",
    "check_file",
    "find_files",
    "load_cases",
    "run_case",
    "run_file",
    "run_file_async",
    "sandbox_context",
    "totals",
]
