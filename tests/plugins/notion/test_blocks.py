"""Markdown as blocks: what becomes of each form, and of what is longer than Notion takes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recipe_plugins.notion.blocks import blocks_of, requests_of, rich_text
from recipe_plugins.notion.sandbox_shapes import check_blocks


def said(block: dict[str, Any]) -> tuple[str, str]:
    kind = block["type"]
    return kind, "".join(piece["text"]["content"] for piece in block[kind].get("rich_text", ()))


@pytest.mark.parametrize(
    ("markdown", "blocks"),
    [
        ("# A\n## B\n### C\n#### D", [("heading_1", "A"), ("heading_2", "B"), ("heading_3", "C"), ("heading_3", "D")]),
        ("un\ndeux\n\ntrois", [("paragraph", "un\ndeux"), ("paragraph", "trois")]),
        ("- a\n- b\n\n1. c\n2. d", [("bulleted_list_item", "a"), ("bulleted_list_item", "b"), ("numbered_list_item", "c"), ("numbered_list_item", "d")]),
        ("- [ ] à faire\n- [x] fait", [("to_do", "à faire"), ("to_do", "fait")]),
        ("> cité", [("quote", "cité")]),
        ("```py\nx = 1\n```", [("code", "x = 1")]),
        ("a\n\n---\n\nb", [("paragraph", "a"), ("divider", ""), ("paragraph", "b")]),
        ("<b>x</b>", [("paragraph", "<b>x</b>")]),
        ("", []),
    ],
)  # fmt: skip
def test_each_form_is_a_block(markdown: str, blocks: list[tuple[str, str]]) -> None:
    assert [said(block) for block in blocks_of(markdown)] == blocks


def test_things_done_are_ticked_and_code_has_its_language() -> None:
    ticked, code, odd = blocks_of("- [X] fait\n\n```py\nx\n```\n\n```klingon\nx\n```")
    assert ticked["to_do"]["checked"] is True
    assert (code["code"]["language"], odd["code"]["language"]) == ("python", "plain text")


def test_styles_and_links_stay_on_their_words() -> None:
    [block] = blocks_of("un **deux *trois*** ~~quatre~~ `cinq` [six](https://example.org) [sept](javascript:x)")
    pieces = block["paragraph"]["rich_text"]
    shown = [
        (each["text"]["content"], sorted(each.get("annotations", ())), each["text"].get("link")) for each in pieces
    ]
    assert shown == [
        ("un ", [], None),
        ("deux ", ["bold"], None),
        ("trois", ["bold", "italic"], None),
        (" ", [], None),
        ("quatre", ["strikethrough"], None),
        (" ", [], None),
        ("cinq", ["code"], None),
        (" ", [], None),
        ("six", [], {"url": "https://example.org"}),
        (" [sept](javascript:x)", [], None),
    ]


def test_lists_are_nested_as_deep_as_notion_takes_them() -> None:
    [a] = blocks_of("- a\n  - b\n    - c\n      - d")
    [b] = a["bulleted_list_item"]["children"]
    below = b["bulleted_list_item"]["children"]
    assert [said(block)[1] for block in below] == ["c", "d"]
    assert all("children" not in block["bulleted_list_item"] for block in below)


def test_long_texts_are_cut_at_spaces_and_nothing_is_lost() -> None:
    text = "mot " * 1200
    [block] = blocks_of(text)
    pieces = [piece["text"]["content"] for piece in block["paragraph"]["rich_text"]]
    assert "".join(pieces) == text.strip()
    assert all(len(piece) <= 2000 and piece.startswith("mot") for piece in pieces)
    assert [len(piece["text"]["content"]) for piece in rich_text("x" * 4001)] == [2000, 2000, 1]
    assert [len(piece["text"]["content"]) for piece in rich_text("😀" * 1001)] == [1000, 1]


def test_a_paragraph_of_many_pieces_goes_on_in_the_next() -> None:
    blocks = blocks_of(" ".join(f"**{n}** x" for n in range(80)))
    assert [len(block["paragraph"]["rich_text"]) for block in blocks] == [100, 60]


def test_portions_keep_to_all_limits() -> None:
    nested = "\n".join(f"- {n}\n" + "\n".join(f"  - {m}" for m in range(150)) for n in range(20))
    for portion in requests_of(blocks_of(nested)):
        check_blocks(portion)
    assert [len(portion) for portion in requests_of(blocks_of("\n\n".join("x" * 250)))] == [100, 100, 50]


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="ab *_`~[]()#->\n1.x😀", max_size=400))
def test_whatever_is_written_notion_takes_it(text: str) -> None:
    for portion in requests_of(blocks_of(text)):
        check_blocks(portion)
