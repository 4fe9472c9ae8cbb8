"""The log against the parts of the SARIF 2.1.0 schema that it uses: names, required properties, enumerations."""

import json

import jsonschema

from recipe_engine.diagnostics import render
from tests.unit.diagnostics.goldens import SAMPLE


def closed(required=(), **properties):
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


TEXT = {"type": "string"}
LINE = {"type": "integer", "minimum": 1}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
MULTIFORMAT = closed(["text"], text=TEXT, markdown=TEXT)
RULE = closed(
    ["id"],
    id=TEXT,
    name=TEXT,
    shortDescription=MULTIFORMAT,
    fullDescription=MULTIFORMAT,
    help=MULTIFORMAT,
    defaultConfiguration=closed(level=LEVEL),
)
REGION = closed(startLine=LINE, startColumn=LINE, endLine=LINE, endColumn=LINE)
LOCATION = closed(
    physicalLocation=closed(artifactLocation=closed(uri={"type": "string", "format": "uri-reference"}), region=REGION)
)
RESULT = closed(
    ["message"],
    ruleId=TEXT,
    ruleIndex={"type": "integer", "minimum": -1},
    level=LEVEL,
    message=closed(["text"], text=TEXT),
    locations={"type": "array", "items": LOCATION},
)
RUN = closed(
    ["tool"],
    tool=closed(
        ["driver"], driver=closed(["name"], name=TEXT, rules={"type": "array", "items": RULE, "uniqueItems": True})
    ),
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    results={"type": "array", "items": RESULT},
)
LOG = closed(
    ["version", "runs"],
    **{
        "$schema": {"type": "string", "format": "uri"},
        "version": {"enum": ["2.1.0"]},
        "runs": {"type": "array", "items": RUN},
    },
)


def test_the_log_is_valid():
    jsonschema.validate(json.loads(render.sarif(SAMPLE)), LOG)


def test_an_empty_log_is_valid():
    jsonschema.validate(json.loads(render.sarif([])), LOG)
