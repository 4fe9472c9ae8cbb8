"""pdf.render and pdf.text: what one writes the other reads."""

from __future__ import annotations

import base64
import importlib
import io

import pypdf
import pytest

from recipe_engine.builtin import pdf
from recipe_engine.plugin import Catalog, Terminal
from tests.support.action_context import ActionContext

from .actions import perform, saved

CATALOG = Catalog.of(pdf.register_connectors())
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
QUOTE = """<h1>Devis n° 12</h1><p>Œuvre d’art « prête », total : 1 234,56 €</p><ul><li>un</li><li>deux</li></ul>
<table border="1" width="100%"><thead><tr><th width="70%">Article</th><th width="30%">Prix</th></tr></thead>
<tbody><tr><td>Peinture</td><td align="right">12,50 €</td></tr></tbody></table>"""


@pytest.fixture
def ctx() -> ActionContext:
    return ActionContext("quote")


async def render(context, **params):
    return await perform(CATALOG, context, "pdf.render", **params)


async def text(context, file, **params):
    return await perform(CATALOG, context, "pdf.text", file=file, **params)


async def test_french_quote_is_laid_out_and_read_back(ctx):
    made = await render(ctx, html=QUOTE, name="devis.pdf")
    assert (made["file"]["name"], made["file"]["media_type"], made["page_count"]) == ("devis.pdf", "application/pdf", 1)
    read = await text(ctx, made["file"])
    for words in ("Devis n° 12", "Œuvre d’art « prête », total : 1 234,56 €", "deux", "Peinture", "12,50 €"):
        assert words in read["text"]


async def test_pages_are_chosen(ctx):
    made = await render(ctx, html="".join(f"<h2>Partie {n}</h2>" + "<p>x</p>" * 60 for n in range(3)))
    assert made["page_count"] > 3
    read = await text(ctx, made["file"], pages="3, 1-2")
    assert [page["number"] for page in read["pages"]] == [3, 1, 2]
    assert read["page_count"] == made["page_count"]


@pytest.mark.parametrize("pages", ["0", "2-1", "x", "", "99", "1-99"])
async def test_pages_that_are_not_there_are_said(ctx, pages):
    made = await render(ctx, html="<p>x</p>")
    with pytest.raises(Terminal, match="within its 1 pages"):
        await text(ctx, made["file"], pages=pages)


async def test_own_images_are_drawn_and_no_other_is_looked_for(ctx):
    await render(ctx, html=f'<img src="data:image/png;base64,{PNG}">')
    for address in ("/etc/passwd", "http://127.0.0.1:9/x.png", "data:image/svg+xml;base64,AAAA", ""):
        with pytest.raises(Terminal) as caught:
            await render(ctx, html=f'<p>x</p><img src="{address}">')
        assert caught.value.failure.code == "unsupported_media"


async def test_character_that_the_font_lacks_is_named(ctx):
    with pytest.raises(Terminal, match="日"):
        await render(ctx, html="<p>日本</p>")


@pytest.mark.parametrize(
    "html",
    ["<table><tr><td><table><tr><td>x</td></tr></table></td></tr></table>", "<img src='data:image/png;base64,AAAA'>"],
)
async def test_html_that_cannot_be_laid_out(ctx, html):
    with pytest.raises(Terminal) as caught:
        await render(ctx, html=html)
    assert caught.value.failure.code == "invalid_html"


async def test_font_that_is_none(ctx):
    font = await saved(ctx, b"not a font", "x.ttf")
    with pytest.raises(Terminal) as caught:
        await render(ctx, html="<p>x</p>", font=font.model_dump())
    assert caught.value.failure.code == "invalid_html"


@pytest.mark.parametrize("data", [b"", b"hello", b"%PDF-1.7\n", base64.b64decode(PNG)])
async def test_file_that_is_no_pdf(ctx, data):
    file = await saved(ctx, data, "x.pdf")
    with pytest.raises(Terminal) as caught:
        await text(ctx, file.model_dump())
    assert caught.value.failure.code == "invalid_file"


async def test_password_is_said(ctx):
    writer = pypdf.PdfWriter()
    writer.add_blank_page(100, 100)
    writer.encrypt("secret", algorithm="RC4-128")
    buffer = io.BytesIO()
    writer.write(buffer)
    file = await saved(ctx, buffer.getvalue(), "x.pdf")
    with pytest.raises(Terminal, match="password"):
        await text(ctx, file.model_dump())


async def test_scan_is_said(ctx):
    made = await render(ctx, html=f'<img src="data:image/png;base64,{PNG}">')
    assert (await text(ctx, made["file"]))["text"].strip() == ""
    assert "scanned" in ctx.lines[0]


async def test_missing_extra_says_how_to_get_it(ctx, monkeypatch):
    def absent(name):
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", absent)
    with pytest.raises(Terminal) as caught:
        await render(ctx, html="<p>x</p>")
    assert caught.value.failure.code == "not_installed"
    assert "recipe-engine[pdf]" in caught.value.failure.detail
