"""R2xx: references and types in expressions."""

from __future__ import annotations

from recipe_engine.diagnostics.codes.code import Code

CODES: tuple[Code, ...] = (
    Code(
        "R201",
        "unknown name",
        "error",
        "In scope by name are each input of `input_schema`, each earlier step (its output), the variable of a loop, "
        "and `config`, `run`, `event`; `error` in the steps of an `on_error`. Nothing else has that name.",
        bad='message: "{{ emial }}"',
        good='message: "{{ email }}"',
    ),
    Code(
        "R202",
        "not an expression",
        "error",
        "What stands between `{{` and `}}`, and in `if`, `when`, `items` and `until`, is an expression of the Jinja "
        "grammar. It cannot be read at the place shown.",
        bad="if: score >= ",
        good="if: score >= 0.7",
    ),
    Code(
        "R203",
        "may have no value",
        "error",
        "A step that is skipped, that stands in a branch that was not taken, or that failed under `on_error: continue` "
        "has no value, and using it would fail the run. Say what to use instead with `default`, ask with `is defined`, "
        "or put the step that uses it under the same condition. For an input that is neither required nor has a "
        "default this is a warning.",
        bad='- {id: ticket, type: desk.create_ticket, if: urgent, with: {subject: "{{ subject }}"}}\n'
        '- {id: text, type: set, values: {number: "{{ ticket.id }}"}}',
        good='- {id: ticket, type: desk.create_ticket, if: urgent, with: {subject: "{{ subject }}"}}\n'
        "- {id: text, type: set, values: {number: \"{{ ticket.id | default('none') }}\"}}",
    ),
    Code(
        "R204",
        "unknown field",
        "error",
        "The value has no such field, as far as its schema says: that of the input, of the answer of a language model "
        "(`output_schema`), or of the result of an action (`recipe actions NAME` shows it). A field that a vendor may send "
        "although it is not documented is a warning, unless it looks like a misspelt one.",
        bad='subject: "{{ classify.categroy }}"',
        good='subject: "{{ classify.category }}"',
    ),
    Code(
        "R205",
        "not readable here",
        "error",
        "The name exists, but not at this place: its step runs later, at the same time in another lane of `parallel`, "
        "inside a loop, or only when another step has failed.",
        bad='- {id: greet, type: set, values: {text: "{{ name.full }}"}}\n- {id: name, type: set, values: {full: Ada}}',
        good='- {id: name, type: set, values: {full: Ada}}\n- {id: greet, type: set, values: {text: "{{ name.full }}"}}',
    ),
    Code(
        "R206",
        "wrong type",
        "error",
        "The value cannot be what it is used as: a text where a number is needed, an object where a list is.",
        bad="items: tickets  # an object: {data: [...]}",
        good="items: tickets.data",
    ),
    Code(
        "R207",
        "unknown function",
        "error",
        "The functions are a closed list; `recipe docs functions` shows them all. Values have no methods.",
        bad="{{ nwo() }}",
        good="{{ now() }}",
    ),
    Code(
        "R208",
        "wrong arguments",
        "error",
        "The function or filter does not take what it is given: too many arguments, or too few.",
        bad="{{ now() + days(3, 4) }}",
        good="{{ now() + days(3) }}",
    ),
    Code(
        "R209",
        "unknown filter or test",
        "error",
        "The filters (`| name`) and tests (`is name`) are a closed list; `recipe docs functions` shows them all.",
        bad="{{ name | upcase }}",
        good="{{ name | upper }}",
    ),
    Code(
        "R210",
        "comparison that never holds",
        "warning",
        "The value is one of a list of words, and it is compared with a word that is not among them.",
        bad="when: classify.category == 'suport'",
        good="when: classify.category == 'support'",
    ),
    Code(
        "R211",
        "output does not fit the output_schema",
        "error",
        "The recipe's output is its `output`, else the output of its last step. It must fit `output_schema`.",
        bad="output_schema: {type: object, required: [total], properties: {total: {type: number}}}\noutput: {totl: 12}",
        good="output_schema: {type: object, required: [total], properties: {total: {type: number}}}\n"
        "output: {total: 12}",
    ),
)
