"""R3xx: the shape of the recipe and of its steps."""

from __future__ import annotations

from recipe_engine.diagnostics.codes.code import Code

CODES: tuple[Code, ...] = (
    Code(
        "R301",
        "missing field",
        "error",
        "A recipe has `slug`, `name`, `description`, `category` and `steps`; a step has `id` and `type`, and what its "
        "type asks for.",
        bad="- {type: wait, duration: 15m}",
        good="- {id: pause, type: wait, duration: 15m}",
    ),
    Code(
        "R302",
        "field that does not exist",
        "error",
        "Fields that nothing reads are refused, so that a misspelt one is found. The parameters of a connector's "
        "action stand under `with`.",
        bad="- {id: pause, type: wait, duraton: 15m}",
        good="- {id: pause, type: wait, duration: 15m}",
    ),
    Code(
        "R303",
        "wrong kind of value",
        "error",
        "The field takes another kind of value: text, a number, true or false, a list, or an object. Under the rules "
        "of YAML 1.2 `yes`, `no`, `on` and `off` are text.",
        bad="concurrency: {max: '2'}",
        good="concurrency: {max: 2}",
    ),
    Code(
        "R304",
        "value that is not allowed",
        "error",
        "The field takes one of a few words, or a value within limits.",
        bad="on_item_error: ignore",
        good="on_item_error: collect",
    ),
    Code(
        "R305",
        "unknown step type",
        "error",
        "The type of a step is one of the control steps (branch, for_each, group, parallel, recipe, repeat, set, stop, "
        "transform, wait) or an action; `recipe actions` lists the actions.",
        bad="- {id: each, type: foreach, items: rows, steps: [...]}",
        good="- {id: each, type: for_each, items: rows, steps: [...]}",
    ),
    Code(
        "R306",
        "not a name",
        "error",
        "Ids of steps, variables of loops and names of lanes are read in expressions: small letters, digits and `_`, a "
        "letter first, at most 64 characters.",
        bad="id: Create-Ticket",
        good="id: create_ticket",
    ),
    Code(
        "R307",
        "id used twice",
        "error",
        "The id of a step is unique in the whole recipe, its branches and loops included.",
        bad="- {id: mail, type: wait, duration: 1m}\n- {id: mail, type: wait, duration: 2m}",
        good="- {id: first, type: wait, duration: 1m}\n- {id: second, type: wait, duration: 2m}",
    ),
    Code(
        "R308",
        "name that hides another",
        "error",
        "A step, an input or the variable of a loop may not have the name of an input, of a step, or a reserved one "
        "(config, run, event, error, secrets, output, loop and the words of the template language).",
        bad="- {id: config, type: set, values: {limit: 3}}",
        good="- {id: settings, type: set, values: {limit: 3}}",
    ),
    Code(
        "R309",
        "not a duration",
        "error",
        "A duration is a number with its unit, or several, the largest first: 500ms, 30s, 15m, 2h30m, 10d, 2w. A pace "
        "is a count and a duration: 20/1m.",
        bad="timeout: 60",
        good="timeout: 60s",
    ),
    Code(
        "R310",
        "not an amount or a percentage",
        "error",
        "An amount is a number and a currency (0.50 USD), a percentage a number from 0 to 100 and `%`.",
        bad="limits: {cost: $0.50}",
        good="limits: {cost: 0.50 USD}",
    ),
    Code(
        "R311",
        "not a time table",
        "error",
        "`cron` has five fields: minute, hour, day of month, month and day of week. `timezone` is a name of the time "
        "zone database.",
        bad='- {type: schedule, cron: "0 25 * * *", timezone: Paris}',
        good='- {type: schedule, cron: "0 9 * * *", timezone: Europe/Paris}',
    ),
    Code(
        "R312",
        "wait without a single purpose",
        "error",
        "A wait is for exactly one thing: a `duration`, a moment (`until`), an `event` or an `approval`. One for an event or "
        "an approval is bound by `timeout`, or by a moment (`until`).",
        bad="- {id: answer, type: wait, event: contact.replied, duration: 24h}",
        good="- {id: answer, type: wait, event: contact.replied, timeout: 24h}",
    ),
    Code(
        "R313",
        "field without effect",
        "error",
        "The field only means something together with another one, or not at all for this type of step.",
        bad="- {id: pause, type: wait, duration: 15m, if_past: skip}",
        good="- {id: pause, type: wait, duration: 15m}",
    ),
    Code(
        "R314",
        "not a JSON Schema",
        "error",
        "`input_schema`, `output_schema`, `config` and the `fields` of an approval are JSON Schema (2020-12); inputs "
        "and config describe an object.",
        bad="input_schema: {type: object, properties: {email: {type: text}}}",
        good="input_schema: {type: object, properties: {email: {type: string}}}",
    ),
    Code(
        "R315",
        "schema from elsewhere",
        "error",
        "A `$ref` stays inside its schema (`#/$defs/...`): checking and running never load a schema from a network or "
        "another file.",
        bad="{$ref: https://example.org/address.json}",
        good="{$ref: '#/$defs/address', $defs: {address: {type: object}}}",
    ),
    Code(
        "R316",
        "nested too deeply",
        "error",
        "Steps stand inside steps at most 40 deep. Put the inner ones into a recipe of their own.",
        bad="",
        good="- {id: inner, type: recipe, recipe: the-inner-part}",
    ),
    Code(
        "R317",
        "no steps",
        "error",
        "A list of steps has at least one. (`else: []` of a branch is allowed: nothing is to be done.)",
        bad="on_timeout: []",
        good="on_timeout: [{id: nothing, type: set, values: {found: false}}]",
    ),
    Code(
        "R318",
        "unknown trigger",
        "error",
        "A trigger is of the type webhook, schedule, form, event or poll.",
        bad="triggers: [{type: cron, cron: '0 9 * * *'}]",
        good="triggers: [{type: schedule, cron: '0 9 * * *'}]",
    ),
    Code(
        "R319",
        "misspelt keyword of a schema",
        "warning",
        "JSON Schema ignores keywords that it does not know, so that a misspelt one has no effect.",
        bad="input_schema: {type: object, requird: [email]}",
        good="input_schema: {type: object, required: [email]}",
    ),
    Code(
        "R320",
        "webhook path used twice",
        "error",
        "Each webhook of a recipe has a path of its own.",
        bad="triggers: [{type: webhook, path: /quotes}, {type: webhook, path: /quotes}]",
        good="triggers: [{type: webhook, path: /quotes}, {type: webhook, path: /quotes/urgent}]",
    ),
    Code(
        "R321",
        "trigger's input does not fit",
        "error",
        "`input` of a trigger makes the recipe's input out of what arrived; it must fit `input_schema`.",
        bad='input: {emial: "{{ body.email }}"}',
        good='input: {email: "{{ body.email }}"}',
    ),
    Code(
        "R322",
        "text file that cannot be included",
        "error",
        "`from_file` stands for the text of a file: `message: {from_file: templates/quote.sms.txt}`. The path is taken from the "
        "recipe's folder and stays below it. The file is a text in UTF-8 of at most 200,000 characters; it may hold templates, "
        "which are checked as if they stood in the recipe.",
        bad="message: {from_file: templates/qoute.sms.txt}",
        good="message: {from_file: templates/quote.sms.txt}",
    ),
)
