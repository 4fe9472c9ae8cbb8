"""Markdown as Notion's blocks.

    # Heading, paragraphs with **bold**, *italics*, `code`, ~~struck~~ and [links](https://example.org)
    - lists, 1. numbered ones, - [ ] things to do; > quotes; ``` code; --- lines

The one rule: nothing is lost to Notion's limits. A text longer than 2,000 characters goes on in the next piece, a paragraph of
more than 100 pieces in the next paragraph, a list deeper than Notion takes stays flat at the end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markdown_it.tree import SyntaxTreeNode

Block = dict[str, Any]
RichText = dict[str, Any]

LONGEST_TEXT = 2000
LONGEST_URL = 2000
MOST_PIECES = 100
MOST_BLOCKS = 100
# Of one request, nested ones included: Notion takes 1,000 blocks and 500 KB; headers and properties need some room.
MOST_BLOCKS_IN_ALL = 900
LARGEST_REQUEST = 400_000
# A request may nest blocks two levels deep.
DEEPEST = 2

_TO_DO = re.compile(r"\[([ xX])\]\s+")
_LANGUAGES = {"js": "javascript", "ts": "typescript", "py": "python", "sh": "shell", "yml": "yaml", "rb": "ruby"}
_KNOWN_LANGUAGES = frozenset(
    {
        "bash", "c", "c#", "c++", "css", "diff", "docker", "go", "graphql", "html", "java", "javascript", "json", "kotlin",
        "latex", "lua", "makefile", "markdown", "matlab", "mermaid", "php", "powershell", "python", "r", "ruby", "rust",
        "scala", "scss", "shell", "sql", "swift", "toml", "typescript", "xml", "yaml",
    }
)  # fmt: skip
_STYLES = {"strong": "bold", "em": "italic", "s": "strikethrough"}


def blocks_of(markdown: str) -> list[Block]:
    """The blocks that a text in Markdown stands for."""
    from markdown_it import MarkdownIt
    from markdown_it.tree import SyntaxTreeNode

    tree = SyntaxTreeNode(MarkdownIt("commonmark").enable("strikethrough").parse(markdown))
    return [block for node in tree.children for block in _blocks(node, 0)]


def rich_text(text: str) -> list[RichText]:
    """A plain text as Notion takes it: in pieces of at most 2,000 characters, at most 100 of them."""
    return [_piece(part) for part in _parts(text)][:MOST_PIECES]


def requests_of(blocks: list[Block]) -> Iterator[list[Block]]:
    """The blocks in portions of which each fits into one request."""
    import orjson

    portion: list[Block] = []
    count = size = 0
    for block in blocks:
        more, bytes_more = _count(block), len(orjson.dumps(block))
        full = len(portion) == MOST_BLOCKS or count + more > MOST_BLOCKS_IN_ALL or size + bytes_more > LARGEST_REQUEST
        if portion and full:
            yield portion
            portion, count, size = [], 0, 0
        portion.append(block)
        count, size = count + more, size + bytes_more
    if portion:
        yield portion


def _blocks(node: SyntaxTreeNode, depth: int) -> Iterator[Block]:
    match node.type:
        case "heading":
            yield from _texts(f"heading_{min(int(node.tag[1]), 3)}", _inline(node))
        case "bullet_list" | "ordered_list":
            for item in node.children:
                yield from _item(item, node.type, depth)
        case "blockquote":
            yield from _quote(node, depth)
        case "fence" | "code_block":
            language = _language(node.info)
            for block in _texts("code", [_piece(part) for part in _parts(node.content.rstrip("\n"))]):
                block["code"]["language"] = language
                yield block
        case "hr":
            yield {"type": "divider", "divider": {}}
        case "html_block":
            yield from _texts("paragraph", rich_text(node.content.strip()))
        case _:
            yield from _texts("paragraph", _inline(node))


def _item(item: SyntaxTreeNode, kind: str, depth: int) -> Iterator[Block]:
    """An item of a list, with what stands below it as its children, or after it where Notion nests no deeper."""
    first, rest = item.children[:1], item.children[1:]
    if first and first[0].type != "paragraph":
        first, rest = [], item.children
    text = _inline(first[0]) if first else []
    name = "bulleted_list_item" if kind == "bullet_list" else "numbered_list_item"
    ticked = _TO_DO.match(text[0]["text"]["content"]) if text and kind == "bullet_list" else None
    if ticked:
        name = "to_do"
        text[0]["text"]["content"] = text[0]["text"]["content"][ticked.end() :]
    produced = list(_texts(name, text)) or [{"type": name, name: {"rich_text": []}}]
    if ticked:
        for block in produced:
            block[name]["checked"] = ticked[1] != " "
    yield from _nested(produced, name, rest, depth)


def _quote(node: SyntaxTreeNode, depth: int) -> Iterator[Block]:
    first, rest = node.children[:1], node.children[1:]
    if first and first[0].type != "paragraph":
        first, rest = [], node.children
    produced = list(_texts("quote", _inline(first[0]) if first else [])) or [
        {"type": "quote", "quote": {"rich_text": []}}
    ]
    yield from _nested(produced, "quote", rest, depth)


def _nested(produced: list[Block], name: str, rest: Iterable[SyntaxTreeNode], depth: int) -> Iterator[Block]:
    below = [block for node in rest for block in _blocks(node, depth + 1)]
    inside = below[:MOST_BLOCKS] if depth < DEEPEST else []
    if inside:
        produced[-1][name]["children"] = inside
    yield from produced
    yield from below[len(inside) :]


def _texts(name: str, text: list[RichText]) -> Iterator[Block]:
    """Blocks of one kind for a text: more than one when it has more than 100 pieces."""
    for start in range(0, len(text), MOST_PIECES):
        yield {"type": name, name: {"rich_text": text[start : start + MOST_PIECES]}}


def _inline(node: SyntaxTreeNode) -> list[RichText]:
    """The text of a paragraph or heading with its styles; neighbours of one style in one piece."""
    runs: list[tuple[str, str, str | None]] = []
    for inline in node.children:
        for text, styles, url in _runs(inline, frozenset(), None):
            style = ",".join(sorted(styles))
            if runs and runs[-1][1:] == (style, url):
                runs[-1] = (runs[-1][0] + text, style, url)
            else:
                runs.append((text, style, url))
    return [_piece(part, style.split(",") if style else (), url) for text, style, url in runs for part in _parts(text)]


def _runs(
    node: SyntaxTreeNode, styles: frozenset[str], url: str | None
) -> Iterator[tuple[str, frozenset[str], str | None]]:
    if node.type in _STYLES:
        styles |= {_STYLES[node.type]}
    if node.type == "link":
        address = str(node.attrs.get("href", ""))
        url = address if address.startswith(("https://", "http://", "mailto:")) and len(address) <= LONGEST_URL else url
    if node.type in ("softbreak", "hardbreak"):
        yield "\n", styles, url
    elif node.type == "code_inline":
        yield node.content, styles | {"code"}, url
    elif node.type == "image":
        yield str(node.content or node.attrs.get("src", "")), styles, url
    elif node.children:
        for child in node.children:
            yield from _runs(child, styles, url)
    elif node.content:
        yield node.content, styles, url


def _piece(text: str, styles: Iterable[str] = (), url: str | None = None) -> RichText:
    content: dict[str, Any] = {"content": text}
    if url is not None:
        content["link"] = {"url": url}
    piece: RichText = {"type": "text", "text": content}
    marked = dict.fromkeys(styles, True)
    return piece | ({"annotations": marked} if marked else {})


def _parts(text: str) -> Iterator[str]:
    """The text in parts that Notion, which counts in UTF-16, takes; cut at a space where there is one."""
    while text:
        end = _fitting(text)
        if end < len(text):
            space = max(text.rfind(" ", 0, end), text.rfind("\n", 0, end))
            end = space + 1 if space > end // 2 else end
        yield text[:end]
        text = text[end:]


def _fitting(text: str) -> int:
    """How many characters of the text have at most 2,000 UTF-16 units."""
    units = 0
    for index, character in enumerate(text[:LONGEST_TEXT]):
        units += 2 if ord(character) > 0xFFFF else 1
        if units > LONGEST_TEXT:
            return index
    return min(len(text), LONGEST_TEXT)


def _language(info: str) -> str:
    word = info.strip().partition(" ")[0].lower()
    word = _LANGUAGES.get(word, word)
    return word if word in _KNOWN_LANGUAGES else "plain text"


def _count(block: Block) -> int:
    children = block[block["type"]].get("children", ()) if isinstance(block.get("type"), str) else ()
    return 1 + sum(_count(child) for child in children)
