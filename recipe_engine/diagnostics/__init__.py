"""Problems in texts that authors wrote: their type, their codes, and how they are shown.

diagnostic.py   Diagnostic and Span
codes/          one table per range of codes; what `recipe explain` prints
report.py       makes a diagnostic with its code's severity
suggest.py      did you mean
render/         text for people; JSON, GitHub annotations and SARIF for machines
docs.py         the pages of the codes
"""

from recipe_engine.diagnostics.diagnostic import Diagnostic, Severity, Span
from recipe_engine.diagnostics.report import report
from recipe_engine.diagnostics.suggest import suggest

__all__ = ["Diagnostic", "Severity", "Span", "report", "suggest"]
