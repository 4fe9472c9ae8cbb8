"""R4xx: actions, connectors, secrets and configuration."""

from __future__ import annotations

from recipe_engine.diagnostics.codes.code import Code

CODES: tuple[Code, ...] = (
    Code(
        "R401",
        "unknown action",
        "error",
        "No installed connector has this action; `recipe actions` lists those there are.",
        bad="- {id: tell, type: slak.post, with: {text: Bonjour}}",
        good="- {id: tell, type: slack.post_message, with: {text: Bonjour}}",
    ),
    Code(
        "R402",
        "unknown connector",
        "error",
        "`verify` of a webhook names the connector whose signature the request carries; `recipe connectors` lists them.",
        bad="- {type: webhook, path: /deals, verify: hubpsot}",
        good="- {type: webhook, path: /deals, verify: hubspot}",
    ),
    Code(
        "R403",
        "missing parameter",
        "error",
        "The action needs this parameter; `recipe actions NAME` shows them all.",
        bad="- {id: ticket, type: desk.create_ticket, with: {priority: high}}",
        good="- {id: ticket, type: desk.create_ticket, with: {subject: Panne, priority: high}}",
    ),
    Code(
        "R404",
        "unknown parameter",
        "error",
        "The action has no such parameter; `recipe actions NAME` shows those it has.",
        bad="- {id: ticket, type: desk.create_ticket, with: {sujbect: Panne}}",
        good="- {id: ticket, type: desk.create_ticket, with: {subject: Panne}}",
    ),
    Code(
        "R405",
        "wrong parameter",
        "error",
        "The value written for the parameter does not fit its schema.",
        bad="- {id: ticket, type: desk.create_ticket, with: {subject: Panne, priority: hihg}}",
        good="- {id: ticket, type: desk.create_ticket, with: {subject: Panne, priority: high}}",
    ),
    Code(
        "R406",
        "parameter of the wrong type",
        "error",
        "What the expression gives cannot be what the parameter takes. A value that is exactly one `{{ expression }}` "
        "keeps the expression's type; with any other character around it, it is text.",
        bad='subject: "{{ rows }}"  # a list',
        good='subject: "{{ rows | length }} rows"',
    ),
    Code(
        "R407",
        "secret where it may not stand",
        "error",
        "Secrets are readable only where an action sends them to its vendor (headers and auth of `http`), so that they "
        "never reach a prompt, a log or the journal.",
        bad='- {id: mail, type: notify, message: "{{ secrets.DESK_TOKEN }}"}',
        good='- {id: call, type: http, url: ..., headers: {Authorization: "Bearer {{ secrets.DESK_TOKEN }}"}}',
    ),
    Code(
        "R408",
        "secret that is not set",
        "warning",
        "The deployment has no setting of this name, neither in its environment nor in .env.",
        bad='headers: {Authorization: "Bearer {{ secrets.DESK_TOKN }}"}',
        good='headers: {Authorization: "Bearer {{ secrets.DESK_TOKEN }}"}',
    ),
    Code(
        "R409",
        "config that is not declared",
        "error",
        "What a deployment sets is declared under `config`, as JSON Schema, and read as `config.NAME`.",
        bad='- {id: tell, type: notify, to: "{{ config.manager }}"}',
        good="config: {properties: {manager: {type: string}}}",
    ),
    Code(
        "R410",
        "connector that is not configured",
        "warning",
        "A setting that the connector needs is not set. The recipe runs with `--sandbox` all the same.",
        bad="",
        good="DESK_API_KEY=...  # in .env",
    ),
    Code(
        "R411",
        "retry that cannot be safe",
        "warning",
        "After a time-out or a lost connection nobody knows whether an action of the class `once` took place. It is "
        "not repeated by itself: the step is in doubt and waits for a person. An `http` step with `idempotent: true` "
        "sends an Idempotency-Key and may be repeated.",
        bad="- {id: pay, type: http, method: POST, url: ..., retry: {attempts: 3, on: [timeout]}}",
        good="- {id: pay, type: http, method: POST, url: ..., idempotent: true, retry: {attempts: 3, on: [timeout]}}",
    ),
    Code(
        "R412",
        "poll that changes something",
        "error",
        "A poll repeats its action for ever, so the action must only read.",
        bad="- {type: poll, every: 5m, action: desk.create_ticket, with: {subject: Bonjour}}",
        good="- {type: poll, every: 5m, action: desk.list_tickets, items: data, key: id}",
    ),
    Code(
        "R413",
        "failure code that looks misspelt",
        "warning",
        "`retry.on` lists the codes of the failures after which to try again: timeout, rate_limit, connection, "
        "unavailable, http_500, or a vendor's own. This one resembles one of them and is none.",
        bad="retry: {attempts: 3, on: [tiemout]}",
        good="retry: {attempts: 3, on: [timeout]}",
    ),
)
