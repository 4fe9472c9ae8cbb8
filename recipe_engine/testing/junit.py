"""Reports as JUnit XML, which every CI server reads."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from recipe_engine.testing.report import CaseReport, FileReport, totals
from recipe_engine.testing.wording import case_in_words

# What XML 1.0 cannot carry.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(reports: Sequence[FileReport]) -> str:
    """One test suite a file, one test case a case; a file with errors is one error."""
    sums = totals(reports)
    root = ET.Element("testsuites", name="recipe test", tests=str(sums.cases), failures=str(sums.failed))
    root.set("errors", str(sums.invalid))
    root.set("time", f"{sums.seconds:.3f}")
    for report in reports:
        _suite(root, report)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True)


def _suite(root: ET.Element, report: FileReport) -> None:
    sums = totals([report])
    suite = ET.SubElement(root, "testsuite", name=str(report.path), tests=str(max(sums.cases, sums.invalid)))
    suite.set("failures", str(sums.failed))
    suite.set("errors", str(sums.invalid))
    suite.set("time", f"{sums.seconds:.3f}")
    for case in report.cases:
        _case(suite, report, case)
    if not report.valid:
        errors = [problem for problem in report.diagnostics if problem.severity == "error"]
        element = ET.SubElement(suite, "testcase", classname=report.recipe or str(report.path), name="is valid")
        error = ET.SubElement(element, "error", message=_clean(f"{errors[0].code}: {errors[0].message}"))
        error.text = _clean("\n".join(f"{it.file}:{it.span.line}: {it.code} {it.message}" for it in errors))


def _case(suite: ET.Element, report: FileReport, case: CaseReport) -> None:
    element = ET.SubElement(suite, "testcase", classname=report.recipe, name=_clean(case.name))
    element.set("file", str(report.path))
    element.set("line", str(case.line))
    element.set("time", f"{case.seconds:.3f}")
    if not case.passed:
        first = case.misses[0]
        message = f"{first.path}: expected {first.expected}, found {first.found}"
        failure = ET.SubElement(element, "failure", message=_clean(message[:500]))
        failure.text = _clean("\n".join(case_in_words(case)))


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("?", text)
