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
)
