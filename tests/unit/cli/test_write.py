"""Commands for those who write recipes: init, check, fmt, explain, schema, docs, actions, connectors, doctor."""

import json
import os

import pytest

HELLO = """\
slug: hello
name: Hello
description: Says hello.
category: examples
input_schema:
  type: object
  required: [name]
  properties:
    name: {type: string}
steps:
  - {id: greeting, name: Greet, type: set, values: {text: "Bonjour {{ name }}"}}
output: {text: "{{ greeting.text }}"}
"""
BROKEN = HELLO.replace("{{ name }}", "{{ nam }}")


@pytest.fixture
def hello(folder):
    (folder / "recipes").mkdir()
    path = folder / "recipes" / "hello.yml"
    path.write_text(HELLO)
    return path


# --- init -------------------------------------------------------------------------------------------------------------


def test_init_makes_a_project_that_checks_and_is_formatted(recipe, folder):
    ended = recipe("init", "shop")
    assert ended.code == 0
    assert {str(path.relative_to(folder / "shop")) for path in (folder / "shop").rglob("*") if path.is_file()} >= {
        "recipes/welcome.yml",
        ".env.example",
        ".gitignore",
    }
    assert "cd shop" in ended.out
    assert recipe("check", "--strict", "shop").code == 0
    assert recipe("fmt", "--check", "shop").code == 0


def test_init_never_overwrites(recipe, folder):
    (folder / ".gitignore").write_text("mine\n")
    ended = recipe("init")
    assert ended.code == 0
    assert "kept  .gitignore" in ended.err
    assert (folder / ".gitignore").read_text() == "mine\n"
    again = recipe("init")
    assert "made" not in again.err


def test_the_project_of_init_runs_in_the_sandbox(recipe):
    recipe("init")
    ended = recipe(
        "run", "welcome", "--sandbox", "-i", "name=Ada", "-i", "email=ada@example.org", "-i", "message=URGENT"
    )
    assert ended.code == 0
    assert "Bienvenue, Ada" in ended.out
    assert "Urgent : Ada" in ended.out


# --- check ------------------------------------------------------------------------------------------------------------


def test_check_proves_the_recipes_of_the_folder_when_none_is_named(recipe, hello):
    ended = recipe("check")
    assert (ended.code, ended.out, ended.err) == (0, "", "1 recipe: no problem\n")


def test_check_shows_every_problem_with_its_place_and_a_hint(recipe, hello):
    hello.write_text(BROKEN.replace("greeting.text", "greeting.txt"))
    ended = recipe("check", "recipes/hello.yml")
    assert ended.code == 2
    assert "recipes/hello.yml:11:71: error R201: unknown name `nam`" in ended.out
    assert "R204" in ended.out
    assert "did you mean `text`?" in ended.out
    assert "2 errors" in ended.out


@pytest.mark.parametrize("target", ["recipes/hello.yml", "recipes", "hello", "."])
def test_check_takes_files_folders_and_slugs(recipe, hello, target):
    assert recipe("check", target).err == "1 recipe: no problem\n"


def test_check_prints_json_for_programs_and_nothing_else(recipe, hello):
    hello.write_text(BROKEN)
    ended = recipe("check", "--format", "json")
    assert (ended.code, ended.err) == (2, "")
    told = json.loads(ended.out)
    assert (told["errors"], told["warnings"], told["advice"]) == (1, 0, 0)
    assert set(told["diagnostics"][0]) == {
        "code", "severity", "message", "file", "line", "column", "end_line", "end_column", "hint",
    }  # fmt: skip


@pytest.mark.parametrize("form", ["github", "sarif"])
def test_check_prints_what_code_hosts_read(recipe, hello, form):
    hello.write_text(BROKEN)
    ended = recipe("check", "--format", form)
    assert ended.code == 2
    assert "R201" in ended.out
    hello.write_text(HELLO)
    assert recipe("check", "--format", form).code == 0


def test_strict_counts_warnings_as_errors(recipe, hello):
    # A setting that is not set here is a warning.
    hello.write_text(
        HELLO.replace(
            'type: set, values: {text: "Bonjour {{ name }}"}', 'type: hubspot.find_contact, with: {email: "{{ name }}"}'
        ).replace("greeting.text", "greeting.found")
    )
    assert recipe("check").code == 0
    assert recipe("check", "--settings").code == 0
    ended = recipe("check", "--settings", "--strict")
    assert ended.code == 2
    assert "HUBSPOT_API_KEY" in ended.out


@pytest.mark.parametrize(
    ("target", "message", "hint"),
    [
        ("helo", "there is no recipe 'helo'", "did you mean hello?"),
        ("recipes/helo.yml", "there is no file recipes/helo.yml", "did you mean recipes/hello.yml?"),
        ("nowhere/x.yml", "the folder nowhere does not exist", ""),
    ],
)
def test_a_recipe_that_is_not_there_is_answered_with_the_nearest(recipe, hello, target, message, hint):
    for command in ("check", "run"):
        ended = recipe(command, target)
        assert ended.code == 2
        assert message in ended.err
        assert hint in ended.err


def test_a_folder_without_recipes_is_said_to_have_none(recipe, folder):
    (folder / "empty").mkdir()
    ended = recipe("check", "empty")
    assert (ended.code, "there is no recipe below empty" in ended.err) == (2, True)


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"\xff\xfe\x00", "R1"), (b"slug: [", "R1"), (b"", "R1"), (b"- a\n- b\n", "R"), (b"a: &a [*a]\n", "R"), (b"x" * 6_000_000, "R103")],
    ids=["bytes", "open bracket", "empty", "list", "bomb", "huge"],
)  # fmt: skip
def test_a_text_that_is_no_recipe_is_a_diagnostic(recipe, hello, content, code):
    hello.write_bytes(content)
    ended = recipe("check", "recipes/hello.yml")
    assert ended.code == 2
    assert f"error {code}" in ended.out
    assert "Traceback" not in ended.out + ended.err
    assert recipe("run", "recipes/hello.yml").code == 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_said_to_be_one(recipe, hello):
    hello.chmod(0)
    ended = recipe("check", "recipes/hello.yml")
    assert (ended.code, "cannot be read" in ended.out) == (2, True)


# --- fmt --------------------------------------------------------------------------------------------------------------

UGLY = "# why\nname: Hello\nslug:   hello\n" + HELLO.split("\n", 2)[2]


def test_fmt_writes_the_canonical_form_once(recipe, hello):
    hello.write_text(UGLY)
    ended = recipe("fmt")
    assert ended.code == 0
    assert "formatted recipes/hello.yml" in ended.err
    assert "# why" in hello.read_text()
    assert recipe("fmt").err == "1 recipes: all formatted\n"


def test_fmt_check_and_diff_write_nothing(recipe, hello):
    hello.write_text(UGLY)
    checked = recipe("fmt", "--check")
    assert (checked.code, "would format recipes/hello.yml" in checked.err) == (1, True)
    shown = recipe("fmt", "--diff")
    assert shown.code == 0
    assert "-slug:   hello" in shown.out
    assert hello.read_text() == UGLY


def test_fmt_says_why_a_file_cannot_be_formatted(recipe, hello):
    hello.write_text("slug: [")
    ended = recipe("fmt")
    assert ended.code == 2
    assert "error R1" in ended.err
    assert hello.read_text() == "slug: ["


def test_fmt_reads_standard_input(recipe, monkeypatch):
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO(UGLY))
    ended = recipe("fmt", "-")
    assert ended.code == 0
    assert "slug: hello\n" in ended.out


# --- looking things up ------------------------------------------------------------------------------------------------


def test_explain_prints_the_page_of_a_code_in_any_case(recipe):
    ended = recipe("explain", "r204")
    assert ended.code == 0
    assert ended.out.startswith("R204: ")


def test_explain_lists_all_codes(recipe):
    ended = recipe("explain")
    assert "R204" in ended.out
    assert "R2xx: References and types in expressions" in ended.out


def test_explain_refuses_an_unknown_code(recipe):
    ended = recipe("explain", "R204", "R999")
    assert ended.code == 2
    assert "R204: " in ended.out
    assert "there is no diagnostic code R999" in ended.err


def test_actions_are_listed_and_described(recipe):
    listed = recipe("actions")
    assert all(name in listed.out for name in ("branch", "llm_call", "hubspot.create_ticket"))
    assert "hubspot.create_ticket" in recipe("actions", "hubspot").out
    one = recipe("actions", "hubspot.create_ticket")
    assert one.code == 0
    assert "required" in one.out
    assert "once: never repeated blindly" in one.out
    assert "HUBSPOT_API_KEY" in one.out
    step = recipe("actions", "wait")
    assert "on_timeout" in step.out


def test_actions_are_json_for_programs(recipe):
    listed = json.loads(recipe("actions", "--json").out)
    assert {"name", "effect", "params", "result"} <= set(listed[0])
    assert json.loads(recipe("actions", "http", "--json").out)["name"] == "http"


def test_an_unknown_action_is_answered_with_the_nearest(recipe):
    ended = recipe("actions", "hubspot.create_tiket")
    assert ended.code == 2
    assert "did you mean hubspot.create_ticket?" in ended.err


def test_connectors_say_what_they_miss_and_never_show_values(recipe, monkeypatch):
    assert "misses HUBSPOT_API_KEY" in recipe("connectors").out
    monkeypatch.setenv("HUBSPOT_API_KEY", "pat-canary")
    one = recipe("connectors", "hubspot")
    assert "HUBSPOT_API_KEY set" in " ".join(one.out.split())
    told = json.loads(recipe("connectors", "hubspot", "--json").out)
    assert told["ready"] is True
    assert "pat-canary" not in one.out + json.dumps(told)


def test_an_unknown_connector_is_answered_with_the_nearest(recipe):
    ended = recipe("connectors", "hubpsot")
    assert (ended.code, "did you mean hubspot?" in ended.err) == (2, True)


def test_settings_of_dotenv_count(recipe, folder):
    (folder / ".env").write_text("HUBSPOT_API_KEY=pat-1\n")
    assert "hubspot HubSpot ready" in " ".join(recipe("connectors").out.split())


def test_schema_is_printed_or_written_with_the_parameters_of_connectors(recipe, folder):
    assert "hubspot.create_ticket" in recipe("schema").out
    ended = recipe("schema", "-o", "deep/recipe.schema.json")
    assert ended.out == ""
    assert json.loads((folder / "deep" / "recipe.schema.json").read_text())["title"] == "Recipe"


def test_docs_lists_pages_and_prints_one(recipe):
    assert "glossary" in recipe("docs").out
    assert recipe("docs", "glossary").out.startswith("# Glossary")
    assert recipe("docs", "glosary").code == 2
    assert recipe("docs", "glossary", "--path").out.strip().endswith("glossary.md")


# --- doctor -----------------------------------------------------------------------------------------------------------


def test_doctor_finds_nothing_wrong_in_an_empty_folder(recipe):
    ended = recipe("doctor")
    assert ended.code == 0
    assert "nothing is wrong" in ended.err


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("runs.db", b"this is no database, but a text that is long enough", "is not a runs database"),
        (".env", b"\xff\xfe", ".env cannot be read"),
    ],
)
def test_doctor_names_what_is_wrong_and_what_to_do(recipe, folder, name, content, told):
    (folder / name).write_bytes(content)
    ended = recipe("doctor", "--db", "runs.db")
    assert ended.code == 1
    assert told in " ".join(ended.out.split())


def test_doctor_knows_a_newer_database_and_a_bad_setting(recipe, folder, monkeypatch):
    import sqlite3

    connection = sqlite3.connect(folder / "runs.db")
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    monkeypatch.setenv("RECIPE_HTTP_ALLOW", "localhost:many")
    ended = recipe("doctor", "--db", "runs.db")
    assert ended.code == 1
    assert "newer version" in ended.out
    assert "RECIPE_HTTP_ALLOW" in ended.out
