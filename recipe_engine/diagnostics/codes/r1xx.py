"""R1xx: texts, YAML and files."""

from __future__ import annotations

from recipe_engine.diagnostics.codes.code import Code

CODES: tuple[Code, ...] = (
    Code(
        "R101",
        "the file cannot be read",
        "error",
        "There is no file at this path, or it is a folder, or its permissions do not allow reading it. A path is taken "
        "from the current folder; the recipes that come with the engine are named by their slug alone.",
        "",
        "",
    ),
    Code(
        "R102",
        "not UTF-8",
        "error",
        "Recipes are texts in UTF-8. Editors on Windows sometimes save files as Latin-1 or UTF-16, and then accents "
        "cannot be read. Open the file, choose UTF-8 as its encoding, and save it again.",
        "",
        "",
    ),
    Code(
        "R103",
        "the file is too large",
        "error",
        "A recipe has at most five million bytes. Data belongs in files that the recipe reads, or in its input.",
        "",
        "",
    ),
    Code(
        "R104",
        "the file is empty",
        "error",
        "The file holds nothing but blanks and comments. The smallest recipe has a slug, a name, a description, a category "
        "and one step.",
        "# to be written\n",
        "slug: hello\nname: Hello\ndescription: Says hello\ncategory: demo\nsteps:\n"
        "  - {id: hello, type: log, message: Bonjour}\n",
    ),
    Code(
        "R105",
        "not a mapping",
        "error",
        "A recipe is a mapping at its top: keys such as `slug` and `steps`, each with its value. This file holds a list or "
        "a single value.",
        "- id: hello\n  type: log\n",
        "steps:\n  - id: hello\n    type: log\n",
    ),
    Code(
        "R106",
        "several documents in one file",
        "error",
        "A line `---` begins another YAML document. A file holds one recipe: put the second one in a file of its own.",
        "slug: one\n---\nslug: two\n",
        "slug: one\n",
    ),
    Code(
        "R107",
        "a tab in the indentation",
        "error",
        "YAML takes only spaces as indentation, because the width of a tab depends on the editor. Most editors can be told to "
        "insert spaces for the tab key.",
        "steps:\n\t- id: hello\n",
        "steps:\n  - id: hello\n",
    ),
    Code(
        "R108",
        "duplicate key",
        "error",
        "A mapping has the same key twice. Other tools keep the last value in silence; here it is an error, because one of "
        "the two was meant to be something else.",
        "name: Devis\nslug: devis\nname: Devis urgent\n",
        "name: Devis urgent\nslug: devis\n",
    ),
    Code(
        "R109",
        "a key that is not text",
        "error",
        "Keys are texts, as in JSON. A number, `true`, `null`, a list or a mapping cannot be a key; in quotes the first three "
        "are texts.",
        "labels:\n  200: accepted\n",
        'labels:\n  "200": accepted\n',
    ),
    Code(
        "R110",
        "bad indentation",
        "error",
        "The indentation says what belongs to what: the keys of one mapping stand in one column, and so do the items of "
        "one list. This line stands in a column that nothing above it has, or gives more to a key that already has a value.",
        "steps:\n  - id: hello\n     type: log\n",
        "steps:\n  - id: hello\n    type: log\n",
    ),
    Code(
        "R111",
        "a quote that is not closed",
        "error",
        "A text that begins with a quote goes on to the next quote of the same kind, over several lines if need be. Close "
        "it; or write long texts as a block: `|`, then the text on the next lines, indented.",
        'name: "Devis urgent\nslug: devis\n',
        'name: "Devis urgent"\nslug: devis\n',
    ),
    Code(
        "R112",
        "a template without quotes",
        "error",
        "In YAML a value that begins with `{` is a mapping, so that `{{ x }}` without quotes is a mapping within a mapping. "
        "Put templates in quotes. The fields that take a bare expression (`if`, `when`, `items`, `until`) need no braces.",
        "to: {{ email }}\n",
        'to: "{{ email }}"\n',
    ),
    Code(
        "R113",
        "a colon within a text",
        "error",
        "A colon followed by a space separates a key from its value, also in the middle of a text without quotes. Put the "
        "text in quotes.",
        "name: Devis: urgent\n",
        'name: "Devis: urgent"\n',
    ),
    Code(
        "R114",
        "a character that cannot begin a text",
        "error",
        "YAML keeps some characters for itself where a value begins: `@`, the backtick, `%`, `*`, `&` and `!`. Put the text "
        "in quotes.",
        "to: @marketing\n",
        'to: "@marketing"\n',
    ),
    Code(
        "R115",
        "a bracket that is not closed",
        "error",
        "A list in `[ ]` or a mapping in `{ }` has commas between its parts and ends with its bracket. A text without quotes "
        "ends at a comma or a bracket there.",
        "channels: [sms, email\nname: Devis\n",
        "channels: [sms, email]\nname: Devis\n",
    ),
    Code(
        "R116",
        "an alias that cannot be followed",
        "error",
        "`*name` repeats the value that was marked `&name` before it. The mark is missing, or the alias stands inside the "
        "value that it repeats, or aliases of aliases grow beyond any use.",
        "first: *retries\n",
        "first: &retries 3\nsecond: *retries\n",
    ),
    Code(
        "R117",
        "a merge key",
        "error",
        "`<<` merges mappings in YAML 1.1 only; what it yields depends on the tool. Write the fields out, or repeat one "
        "whole value with an anchor and an alias.",
        "base: &base {attempts: 3}\nretry:\n  <<: *base\n",
        "base: &base {attempts: 3}\nretry: *base\n",
    ),
    Code(
        "R118",
        "a tag",
        "error",
        "`!name` and `!!type` give a value another type in YAML. A recipe knows the types of JSON only. To make a number a "
        "text, put it in quotes; a text that begins with `!` needs quotes as well.",
        "zip: !!str 01000\n",
        'zip: "01000"\n',
    ),
    Code(
        "R119",
        "nested too deep",
        "error",
        "Values stand within values more than a hundred deep. Split the recipe: a step of type `recipe` runs another one.",
        "",
        "",
    ),
    Code(
        "R120",
        "an invisible character",
        "error",
        "Control characters and the Unicode line separators (U+2028, U+2029, U+0085) are not allowed as such: they come along "
        "when a text is copied from elsewhere, cannot be seen, and make tools disagree about where a line ends.",
        "name: Devis\u2028urgent\n",
        'name: "Devis\\u2028urgent"\n',
    ),
    Code(
        "R121",
        "a number that JSON does not have",
        "error",
        "Whole numbers fit 64 bits, and infinities and not-a-number do not exist. Long identifiers are texts: put them "
        "in quotes.",
        "account: 123456789012345678901234567890\n",
        'account: "123456789012345678901234567890"\n',
    ),
    Code(
        "R122",
        "a number that loses characters",
        "warning",
        "Without quotes `0612345678` is the number 612345678, and `+33612345678` loses its plus. Telephone numbers, postal "
        "codes and the like are texts: put them in quotes.",
        "phone: 0612345678\n",
        'phone: "0612345678"\n',
    ),
    Code(
        "R123",
        "an unknown escape",
        "error",
        "In double quotes a backslash begins an escape such as `\\n` or `\\u00e9`. This one does not exist. Single quotes take "
        "every character as it is.",
        'path: "C:\\Users"\n',
        "path: 'C:\\Users'\n",
    ),
    Code(
        "R124",
        "text after a closing quote or bracket",
        "error",
        "The quotes close before the text ends, often at an apostrophe within single quotes: use double quotes, or write "
        "the apostrophe twice. A text that begins with `[` or `{` needs quotes as a whole.",
        "name: 'L'atelier'\n",
        'name: "L\'atelier"\n',
    ),
    Code(
        "R125",
        "a key without a colon",
        "error",
        "Within a mapping every line is `key: value`, with a space after the colon. This one has no colon, or no space after "
        "it.",
        "slug: devis\nname\ncategory: artisan\n",
        "slug: devis\nname: Devis\ncategory: artisan\n",
    ),
    Code(
        "R126",
        "text beside a block mark",
        "error",
        "`|` keeps the line breaks of the indented lines below it, `>` joins them. The text begins on the next line.",
        "message: | Bonjour,\n  merci.\n",
        "message: |\n  Bonjour,\n  merci.\n",
    ),
    Code(
        "R127",
        "a value lost to a comment",
        "warning",
        "A `#` after a blank begins a comment, so that the key before it has no value. Put a value that begins with `#` in "
        "quotes; to comment, leave a blank after the `#`.",
        "channel: #general\n",
        'channel: "#general"\n',
    ),
    Code(
        "R130",
        "not valid YAML",
        "error",
        "The text breaks a rule of YAML that has no page of its own here. The message repeats what the parser says; the "
        "mistake is at this place or shortly before it.",
        "%YAML 3.0\n---\nslug: devis\n",
        "slug: devis\n",
    ),
    Code(
        "R140",
        "the formatter will not touch this file",
        "error",
        "What the formatter would write does not read as the same data. The file is left as it is; it is a fault of the "
        "formatter, worth reporting together with the file.",
        "",
        "",
    ),
)
