"""R5xx: the flow: unreachable steps, unbounded loops, recursion."""

from __future__ import annotations

from recipe_engine.diagnostics.codes.code import Code

CODES: tuple[Code, ...] = (
    Code(
        "R501",
        "step that is never reached",
        "warning",
        "The run always ends before this step.",
        bad="- {id: end, type: stop}\n- {id: mail, type: wait, duration: 1m}",
        good="- {id: mail, type: wait, duration: 1m}\n- {id: end, type: stop}",
    ),
    Code(
        "R502",
        "condition that cannot change",
        "warning",
        "The condition has the same value in every run.",
        bad="if: false",
        good="if: config.enabled",
    ),
    Code(
        "R503",
        "branch without a case for a value",
        "warning",
        "The cases compare a value that is one of a list of words, one of those words has no case, and there is no "
        "`else`.",
        bad="cases:\n- {when: mood == 'happy', steps: [...]}\n- {when: mood == 'sad', steps: [...]}  # and 'angry'?",
        good="cases:\n- {when: mood == 'happy', steps: [...]}\nelse: [...]",
    ),
    Code(
        "R504",
        "loop without an end",
        "error",
        "A `repeat` whose `until` never holds would go on for ever: bound it by `timeout` or `max_rounds`.",
        bad="- {id: job, type: repeat, every: 30s, until: state.done, steps: [...]}",
        good="- {id: job, type: repeat, every: 30s, until: state.done, timeout: 2h, steps: [...]}",
    ),
    Code(
        "R505",
        "recipe that calls itself",
        "error",
        "A recipe may not call itself, neither directly nor through others.",
        bad="slug: refund\nsteps: [{id: again, type: recipe, recipe: refund}]",
        good="steps: [{id: again, type: repeat, max_rounds: 3, until: done.ok, steps: [...]}]",
    ),
    Code(
        "R506",
        "unknown recipe",
        "error",
        "There is no recipe with this slug beside this one, nor among those that come with the engine.",
        bad="- {id: back, type: recipe, recipe: refnd}",
        good="- {id: back, type: recipe, recipe: refund}",
    ),
    Code(
        "R507",
        "called recipe with errors",
        "error",
        "The called recipe cannot run before its own errors are solved.",
        bad="",
        good="",
    ),
    Code(
        "R508",
        "input of a called recipe that does not fit",
        "error",
        "`with` is the input of the called recipe; it must fit its `input_schema`.",
        bad="- {id: back, type: recipe, recipe: refund, with: {amnt: 12}}",
        good="- {id: back, type: recipe, recipe: refund, with: {amount: 12}}",
    ),
    Code(
        "R509",
        "wait without an end",
        "warning",
        "The event or the answer may never come. A `timeout` says how long to wait, `on_timeout` what to do then.",
        bad="- {id: answer, type: wait, event: contact.replied}",
        good="- {id: answer, type: wait, event: contact.replied, timeout: 7d, on_timeout: [...]}",
    ),
    Code(
        "R510",
        "config of a called recipe that is missing",
        "error",
        "A called recipe reads the config of the run, which is that of the recipe that was started. What the called "
        "one declares has to be declared there too.",
        bad="- {id: back, type: recipe, recipe: refund}  # reads config.account",
        good="config: {properties: {account: {type: string}}}",
    ),
)
