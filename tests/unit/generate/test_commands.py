"""`recipe new`, `recipe change` and `recipe explain-recipe`, with answers from a folder."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from recipe_engine.cli.main import main
from tests.unit.generate.conftest import RECIPE, TESTS, answer

Run = Callable[..., tuple[int, str, str]]
NEED = "Accuser réception d'un devis et relancer après un jour."
WRONG = TESTS.replace("duration: 24h", "duration: 1h")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(tmp_path)
    for name in ("RECIPE_LLM", "RECIPE_LLM_ANSWERS", "ANTHROPIC_API_KEY", "SMTP_HOST", "RESEND_API_KEY"):
        monkeypatch.delenv(name, raising=False)

    def command(*arguments: str) -> tuple[int, str, str]:
        code = main(list(arguments))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return command


def says(step: str, text: str) -> None:
    Path("talk").mkdir(exist_ok=True)
    Path(f"talk/{step}-1.answer.txt").write_text(text, encoding="utf-8")


def test_new_writes_what_passed(run: Run) -> None:
    says("draft", answer(RECIPE, TESTS, "Un jour a 24 heures."))
    code, out, err = run("new", NEED, "--llm", "manual", "--answers", "talk", "-o", "out")
    assert code == 0, err
    assert Path("out/relance-devis.yml").read_text(encoding="utf-8") == RECIPE
    assert Path("out/relance-devis.test.yml").read_text(encoding="utf-8") == TESTS
    for part in (
        "Ce qu'elle fait, étape par étape",
        "- Un jour a 24 heures.",
        "Hypothèses",
        "Réglages encore nécessaires",
        "- channel email: set SMTP_HOST",
        "Et maintenant",
        "recipe run out/relance-devis.yml --sandbox -i email=...",
        "flowchart TD",
        "passed: 2 cases, coverage 100 %; 1 round\n",
    ):
        assert part in out
    assert "round 1: 2 of 2 cases pass, coverage 100 %" in err
    assert run("test", "out/relance-devis.yml")[0] == 0


def test_the_next_recipe_of_the_same_name_gets_another_one(run: Run) -> None:
    says("draft", answer())
    for _ in range(2):
        assert run("new", NEED, "--answers", "talk", "-o", "out")[0] == 0
    assert "slug: relance-devis-2\n" in Path("out/relance-devis-2.yml").read_text(encoding="utf-8")
    assert run("test", "out")[0] == 0


def test_what_does_not_pass_is_a_draft(run: Run) -> None:
    says("draft", answer(RECIPE, WRONG))
    code, out, err = run("new", NEED, "--answers", "talk", "--rounds", "1")
    assert code == 1
    assert "Elle ne passe pas :\n  FAIL  sans réponse, une relance" in out
    assert "draft: 2 cases" in out
    draft = Path("relance-devis.draft.yml").read_text(encoding="utf-8")
    assert draft.startswith("# A draft: it does not pass.")
    assert "#           expected  1h\n" in draft
    assert draft.endswith(RECIPE)
    assert "wrote relance-devis.draft.test.yml" in err
    assert not Path("relance-devis.yml").exists()
    assert run("test", "relance-devis.draft.test.yml")[0] == 1


def test_an_answer_that_is_not_there_yet_is_asked_for(run: Run) -> None:
    code, _, err = run("new", NEED, "--answers", "talk")
    assert code == 1
    assert "no answer yet: write it to talk/draft-1.answer.txt" in err
    assert "the prompt is in talk/draft-1.prompt.md" in err
    assert NEED in Path("talk/draft-1.prompt.md").read_text(encoding="utf-8")
    says("draft", answer(RECIPE, WRONG))
    code, _, err = run("new", NEED, "--answers", "talk")
    assert code == 1
    assert "no further round: the model gave no answer: no answer yet: write it to talk/repair_1-1.answer.txt" in err


def test_a_need_that_cannot_be_met_is_refused_politely(run: Run) -> None:
    says("draft", '<refusal reason="no_connector">\nNo action sends a fax.\nNearest: an http step.\n</refusal>')
    code, out, err = run("new", "Send a fax", "--answers", "talk")
    assert (code, out) == (1, "No action sends a fax.\nNearest possibility: an http step.\n")
    assert "nothing was written (no connector)" in err
    code, out, _ = run("new", "Send a fax", "--answers", "talk", "--json")
    assert json.loads(out)["refusal"]["reason"] == "no_connector"


def test_the_need_and_examples_come_from_files_and_the_result_goes_to_programs(run: Run) -> None:
    Path("need.txt").write_text(NEED, encoding="utf-8")
    Path("orders.csv").write_text("email;total\nada@example.org;12\n", encoding="utf-8")
    says("draft", answer())
    code, out, _ = run(
        "new", "--file", "need.txt", "--example", "orders.csv", "--domain", "toiture", "--answers", "talk", "--json"
    )
    made = json.loads(out)
    assert (code, made["status"], made["coverage"], made["cases"]) == (0, "passed", 100, 2)
    assert made["files"] == ["relance-devis.yml", "relance-devis.test.yml"]
    prompt = Path("talk/draft-1.prompt.md").read_text(encoding="utf-8")
    assert "ada@example.org;12" in prompt
    assert "It is about: toiture" in prompt


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [
        ((), "say what the recipe shall do"),
        (("a", "--file", "need.txt"), "not both"),
        (("--file", "need.txt"), "cannot read need.txt"),
        (("a", "--llm", "anthropic", "--answers", "talk"), "--answers is a folder for --llm manual"),
        (("a", "--example", "photo.jpg"), "photo.jpg is no text"),
    ],
)
def test_usage(run: Run, arguments: tuple[str, ...], wrong: str) -> None:
    Path("photo.jpg").write_bytes(b"\xff\xd8\xff")
    code, _, err = run("new", *arguments)
    assert code == 2
    assert wrong in err


# --- change -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def recipe(run: Run) -> Path:
    path = Path("relance.yml")
    path.write_text(RECIPE, encoding="utf-8")
    path.with_name("relance.test.yml").write_text(TESTS, encoding="utf-8")
    return path


def test_a_change_is_shown_in_sentences_and_lines_and_written_on_yes(run: Run, recipe: Path) -> None:
    says("draft", answer(RECIPE.replace("24h # un jour", "48h # deux jours"), TESTS.replace("24h}", "48h}")))
    code, out, err = run("change", str(recipe), "deux jours", "--answers", "talk", "--yes")
    assert code == 0, err
    assert "- 2. Attendre une réponse : attend l'événement contact.replied dont email est email, au plus 1 jour." in out
    assert (
        "+ 2. Attendre une réponse : attend l'événement contact.replied dont email est email, au plus 2 jours." in out
    )
    assert "-    timeout: 24h # un jour\n+    timeout: 48h # deux jours\n" in out
    assert "2 cases pass, coverage 100 %" in out
    changed = recipe.read_text(encoding="utf-8")
    assert changed.startswith("# Written for the tests.\n")
    assert "timeout: 48h # deux jours" in changed


def test_a_change_is_asked_about_first(run: Run, recipe: Path) -> None:
    says("draft", answer(RECIPE.replace("24h # un jour", "48h"), TESTS.replace("24h}", "48h}")))
    code, _, err = run("change", str(recipe), "deux jours", "--answers", "talk")
    assert code in (1, 3)  # nobody is there to answer
    assert "Write this change?" in err
    assert recipe.read_text(encoding="utf-8") == RECIPE


def test_a_change_that_does_not_pass_leaves_the_recipe_alone(run: Run, recipe: Path) -> None:
    says("draft", answer(RECIPE.replace("24h # un jour", "48h"), TESTS))
    code, out, err = run("change", str(recipe), "deux jours", "--answers", "talk", "--rounds", "1", "--yes")
    assert code == 1
    assert "Elle ne passe pas :" in out
    assert f"{recipe} is as it was" in err
    assert recipe.read_text(encoding="utf-8") == RECIPE
    assert Path("relance-devis.draft.yml").exists()


def test_a_change_that_changes_nothing_says_so(run: Run, recipe: Path) -> None:
    says("draft", answer())
    code, _, err = run("change", str(recipe), "rien", "--answers", "talk", "--yes")
    assert (code, "nothing changes" in err) == (0, True)


# --- explain-recipe ---------------------------------------------------------------------------------------------------


def test_explain_recipe_in_both_languages(run: Run, recipe: Path) -> None:
    code, out, _ = run("explain-recipe", str(recipe))
    assert (code, "What it does, step by step\n" in out) == (0, True)
    code, out, _ = run("explain-recipe", str(recipe), "--language", "fr")
    assert (code, "Ce qu'elle fait, étape par étape\n" in out) == (0, True)
