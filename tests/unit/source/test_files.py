from recipe_engine.diagnostics import Span
from recipe_engine.source import load_file
from recipe_engine.source.load import LARGEST


def only(found):
    document, problems = found
    assert document is None
    [problem] = problems
    return problem


def test_a_file_is_named_as_its_path_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "été.yml").write_text("slug: été\n", encoding="utf-8")
    document, problems = load_file("été.yml")
    assert problems == []
    assert (document.file, document.data) == ("été.yml", {"slug": "été"})


def test_a_missing_file(tmp_path):
    problem = only(load_file(tmp_path / "none.yml"))
    assert (problem.code, problem.span) == ("R101", Span(1, 1, 1, 1))
    assert "no such file" in problem.message


def test_a_folder(tmp_path):
    problem = only(load_file(tmp_path))
    assert problem.code == "R101"
    assert "folder" in problem.message


def test_a_path_that_no_system_has():
    assert only(load_file("a\0b")).code == "R101"


def test_a_path_through_a_file(tmp_path):
    (tmp_path / "file").write_text("x")
    assert only(load_file(tmp_path / "file" / "recipe.yml")).code == "R101"


def test_a_permission_error_says_why(tmp_path, monkeypatch):
    def refuse(self, mode):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.open", refuse)
    problem = only(load_file(tmp_path / "secret.yml"))
    assert (problem.code, problem.message) == ("R101", "the file cannot be read: Permission denied")


def test_latin_1_is_refused_at_its_first_bad_byte(tmp_path):
    path = tmp_path / "latin.yml"
    path.write_bytes("slug: a\nname: Réglé à l'été\n".encode("latin-1"))
    problem = only(load_file(path))
    assert (problem.code, problem.span) == ("R102", Span(2, 8, 2, 9))
    assert "0xE9" in problem.message


def test_columns_before_a_bad_byte_count_characters(tmp_path):
    path = tmp_path / "mixed.yml"
    path.write_bytes("é: é".encode() + b"\xff")
    assert only(load_file(path)).span == Span(1, 5, 1, 6)


def test_utf_16_is_named(tmp_path):
    path = tmp_path / "wide.yml"
    path.write_bytes("slug: a\n".encode("utf-16"))
    problem = only(load_file(path))
    assert problem.code == "R102"
    assert "UTF-16" in problem.message


def test_a_file_with_a_byte_order_mark(tmp_path):
    path = tmp_path / "bom.yml"
    path.write_bytes(b"\xef\xbb\xbfslug: a\n")
    assert load_file(path)[0].data == {"slug": "a"}


def test_a_file_that_is_too_large_is_not_read_whole(tmp_path):
    path = tmp_path / "large.yml"
    with path.open("wb") as stream:
        stream.truncate(LARGEST * 100)
    assert only(load_file(path)).code == "R103"
