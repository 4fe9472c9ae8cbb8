"""R7xx: test files."""

from __future__ import annotations

from recipe_engine.diagnostics.codes.code import Code

CODES: tuple[Code, ...] = (
    Code(
        "R701",
        "missing field of a test",
        "error",
        "A test file has `cases`, every case has a `name`, and the parts of a case have the fields that say what they "
        "mean: an event its `at` and `event`, a fault its `vendor`. A file of needs has `needs`, each with `id`, `language` and "
        "`need`, and with scenarios that expect something.",
        bad="cases:\n- input: {email: ada@example.org}",
        good="cases:\n- name: a known customer is greeted\n  input: {email: ada@example.org}",
    ),
    Code(
        "R702",
        "unknown field of a test",
        "error",
        "The field does not exist here, so what stands under it would never be looked at. The fields are listed in "
        "docs/reference/test-files.md; those of needs in docs/reference/needs-files.md.",
        bad="expect: {outputs: {sent: true}}",
        good="expect: {output: {sent: true}}",
    ),
    Code(
        "R703",
        "wrong value in a test",
        "error",
        "The value is of the wrong kind, is not one of the words that may stand there, or is a matcher that cannot work "
        "(a `matches` whose pattern cannot be read, a `gt` without a number).",
        bad="expect: {status: success}",
        good="expect: {status: succeeded}",
    ),
    Code(
        "R704",
        "not a time in a test",
        "error",
        "Times of a case are durations after the start of its run (`23h`, `10d`) or moments with their offset "
        "(`2026-03-02T10:00:00+01:00`). Durations always have a unit.",
        bad="events: [{at: tomorrow, event: contact.replied}]",
        good="events: [{at: 23h, event: contact.replied}]",
    ),
    Code(
        "R705",
        "test without its recipe",
        "error",
        "A test file belongs to the recipe of the same name beside it (`quote.test.yml` to `quote.yml`), or to the one "
        "that it names with `recipe:`, relative to itself. There is no such file.",
        bad="recipe: qoute.yml\ncases: [...]",
        good="recipe: quote.yml\ncases: [...]",
    ),
    Code(
        "R706",
        "test of a step that does not exist",
        "error",
        "A case names a step that the recipe does not have, nor a recipe that it calls.",
        bad="expect: {steps: {clasify: succeeded}}",
        good="expect: {steps: {classify: succeeded}}",
    ),
    Code(
        "R707",
        "test of an unknown vendor",
        "error",
        "`vendors`, `faults` and effects name connectors that have a sandbox. `recipe connectors` lists them.",
        bad="faults: [{vendor: hubspt, status: 503}]",
        good="faults: [{vendor: hubspot, status: 503}]",
    ),
    Code(
        "R708",
        "two cases of the same name",
        "error",
        "The name is what reports show and what `recipe test -k` chooses by: each case has its own.",
        bad="cases: [{name: works}, {name: works}]",
        good="cases: [{name: a new contact is created}, {name: a known contact is kept}]",
    ),
)
