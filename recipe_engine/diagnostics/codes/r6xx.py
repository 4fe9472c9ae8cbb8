"""R6xx: models and money."""

from __future__ import annotations

from recipe_engine.diagnostics.codes.code import Code

CODES: tuple[Code, ...] = (
    Code(
        "R601",
        "cost without a limit",
        "advice",
        "A recipe that calls language models should say what a run may cost: a long input or a loop is then stopped "
        "before it is paid for.",
        bad="steps: [{id: sort, type: llm_call, user_prompt: ...}]",
        good="limits: {cost: 0.50 USD}",
    ),
    Code(
        "R602",
        "refused by current models",
        "error",
        "Current models refuse sampling parameters (temperature, top_p, top_k), a prefilled answer and a forced tool: "
        "the request would fail. `complexity` and `effort` steer the model, `output_schema` the form of the answer.",
        bad="- {id: sort, type: llm_call, user_prompt: ..., temperature: 0}",
        good="- {id: sort, type: llm_call, user_prompt: ..., complexity: classify}",
    ),
    Code(
        "R603",
        "image or file that cannot be shown",
        "error",
        "Images, recordings and documents are shown where `{{ name }}` stands by itself in `user_prompt`, one value at "
        "a time: not in `system_prompt`, not inside `{% if %}`, and not as a list.",
        bad='user_prompt: "{% if photo is defined %}{{ photo }}{% endif %}"',
        good='user_prompt: "Photo: {{ photo }}"',
    ),
    Code(
        "R604",
        "vision without an image",
        "warning",
        "`vision: true` says that the prompt shows something, and this one shows nothing: the step would fail. An "
        "input is an image when its schema has `format: base64_image`.",
        bad='user_prompt: "Describe the product."\nvision: true',
        good='user_prompt: "Describe the product: {{ product_image }}"\nvision: true',
    ),
    Code(
        "R605",
        "limit in another currency",
        "error",
        "Language models are billed in US dollars, and no exchange rate is guessed.",
        bad="limits: {cost: 0.50 EUR}",
        good="limits: {cost: 0.50 USD}",
    ),
    Code(
        "R606",
        "model that is not known",
        "warning",
        "The table of models, which has a date, does not list this one: its price, its longest answer and its efforts are "
        "not known, so limits of money cannot be kept. It may be misspelt, newer than the table, or a model of a server of "
        "your own. New ones are added in the file of RECIPE_MODELS.",
        bad="- {id: sort, type: llm_call, user_prompt: ..., model: claude-haikku-5-5}",
        good="- {id: sort, type: llm_call, user_prompt: ..., model: qwen3, provider: openai_compatible}",
    ),
    Code(
        "R607",
        "retired model",
        "error",
        "The vendor serves this model no longer: every call of it fails. As a warning: it will be so from the day that is "
        "named. `complexity` chooses among current models, so that a recipe need not name one.",
        bad="- {id: sort, type: llm_call, user_prompt: ..., model: claude-3-opus-20240229}",
        good="- {id: sort, type: llm_call, user_prompt: ..., complexity: classify}",
    ),
    Code(
        "R608",
        "more than the model takes",
        "warning",
        "Models differ in their longest answer, in the efforts that they know, in whether thinking can be chosen and in "
        "whether they see images. What a model does not take is lowered or left out when it is asked, and the step's log "
        "says so; it is better written as it will be.",
        bad="- {id: sort, type: llm_call, user_prompt: ..., model: claude-haiku-4-5, max_tokens: 100000}",
        good="- {id: sort, type: llm_call, user_prompt: ..., model: claude-haiku-4-5, max_tokens: 64000}",
    ),
    Code(
        "R609",
        "prepared answer that does not fit",
        "error",
        "The answer of `fallback` and the outputs of `examples` stand where a model's answer would: they must fit the "
        "step's `output_schema`, or be text where there is none. The step would fail just when the fallback is needed.",
        bad="output_schema: {type: object, required: [kind], properties: {kind: {enum: [a, b]}}}\n"
        "fallback: {answer: {kind: c}}",
        good="output_schema: {type: object, required: [kind], properties: {kind: {enum: [a, b]}}}\n"
        "fallback: {answer: {kind: b}}",
    ),
    Code(
        "R620",
        "tool that the model may not use so",
        "error",
        "A model is talked to by strangers: what it calls may read, and change something only when a person approves "
        "each call. It never chooses where an http request goes and in whose name, nor a table of the store. Every tool has "
        "a name of its own, and nothing is given both under `with` and by the model.",
        bad="tools: [hubspot.create_ticket]",
        good="tools: [hubspot.search, {action: hubspot.create_ticket, confirm: approval}]",
    ),
    Code(
        "R621",
        "batch without a question",
        "error",
        "`batch: true` hands the questions of all items over together, before the steps run. It can only be those of an "
        "llm_call that every item begins with.",
        bad="- {id: each, type: for_each, items: rows, batch: true, steps: [{id: note, type: log, message: ...}]}",
        good="- {id: each, type: for_each, items: rows, batch: true, steps: [{id: sort, type: llm_call, user_prompt: ...}]}",
    ),
)
