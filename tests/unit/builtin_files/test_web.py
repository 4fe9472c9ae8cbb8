"""html.select and feed.items: rows out of what strangers wrote."""

from __future__ import annotations

import jsonschema_rs
import pydantic
import pytest

from recipe_engine.builtin.pages import plain_text
from recipe_engine.builtin.web import register_connectors
from recipe_engine.plugin import Catalog, Terminal
from tests.support.action_context import ActionContext

from .actions import perform, saved

CATALOG = Catalog.of(register_connectors())
PAGE = """<!doctype html><html><head><style>p {}</style></head><body>
<article class="ad" id="a1"><h2><a href="/ad/1">Studio  <b>meublé</b></a></h2><p class=price>650&nbsp;€<br>charges
comprises</p><img src="1.jpg"><img src="https://cdn.example/2.jpg"><script>steal()</script></article>
<article class="ad" id="a2"><h2><a href="/ad/2">T2 – centre</a></h2></article>
<article class="other">x</article></body></html>"""
RSS = """<?xml version="1.0" encoding="utf-8"?><rss version="2.0"
 xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>Avis</title><link>/avis</link>
<item><guid isPermaLink="false">n-2</guid><title>Été &amp; travaux</title><link>/2</link><author>zoe@x.fr</author>
<pubDate>Mon, 05 Jan 2026 10:00:00 +0100</pubDate><category>voirie</category>
<description>&lt;p&gt;Rue &lt;b&gt;barrée&lt;/b&gt;&lt;/p&gt;&lt;p&gt;Merci&lt;script&gt;x()&lt;/script&gt;&lt;/p&gt;</description>
<enclosure url="/a.mp3" type="audio/mpeg" length="12"/></item>
<item><title>Sans rien</title></item></channel></rss>"""
ATOM = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>A</title>
<entry><id>urn:1</id><title>Un</title><link href="https://x.fr/1"/><updated>2026-01-05T10:00:00Z</updated>
<author><name>Zoé</name></author><content type="html">&lt;i&gt;corps&lt;/i&gt;</content></entry></feed>"""


@pytest.fixture
def ctx() -> ActionContext:
    return ActionContext("ads")


async def select(context, **params):
    result = await perform(CATALOG, context, "html.select", **params)
    jsonschema_rs.validate(CATALOG.actions["html.select"].result_schema_of(params), result)
    return result


async def feed(context, **params):
    return await perform(CATALOG, context, "feed.items", **params)


async def test_fields_of_each_row(ctx):
    fields = {
        "id": "@id",
        "title": "h2",
        "link": "h2 a@href",
        "price": {"select": ".price"},
        "photos": {"select": "img", "attr": "src", "all": True},
    }
    result = await select(ctx, text=PAGE, base="https://immo.example/liste", select="article.ad", fields=fields)
    assert result == {
        "rows": [
            {
                "id": "a1",
                "title": "Studio meublé",
                "link": "https://immo.example/ad/1",
                "price": "650 € charges comprises",
                "photos": ["https://immo.example/1.jpg", "https://cdn.example/2.jpg"],
            },
            {
                "id": "a2",
                "title": "T2 – centre",
                "link": "https://immo.example/ad/2",
                "price": "",
                "photos": [],
            },
        ],
        "count": 2,
        "more": False,
    }


async def test_without_fields_rows_are_text_and_attributes(ctx):
    result = await select(ctx, text=PAGE, select="h2 a")
    assert result["rows"][0] == {"text": "Studio meublé", "attrs": {"href": "/ad/1"}}


async def test_scripts_and_styles_are_no_text(ctx):
    assert "steal" not in (await select(ctx, text=PAGE, select="body"))["rows"][0]["text"]


async def test_limit_says_that_there_is_more(ctx):
    result = await select(ctx, text=PAGE, select="article", limit=2)
    assert (result["count"], result["more"]) == (2, True)
    assert (await select(ctx, text=PAGE, select="article", limit=3))["more"] is False


async def test_nothing_found_is_no_failure(ctx):
    assert (await select(ctx, text="", select="p"))["rows"] == []
    assert (await select(ctx, text=PAGE, select="table"))["count"] == 0


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("<p>été</p>".encode(), "été"),
        ("<meta charset=iso-8859-1><p>été</p>".encode("latin-1"), "été"),
        (b"<p>caf\xe9</p>", "café"),
    ],
)
async def test_file_is_read_in_its_encoding(ctx, data, text):
    file = await saved(ctx, data, "page.html", "text/html")
    assert (await select(ctx, file=file.model_dump(), select="p"))["rows"][0]["text"] == text


@pytest.mark.parametrize("selector", ["div[", "p:nope", "::", "a@href", "p:nth-child(x)"])
async def test_selector_that_is_none_is_said(ctx, selector):
    with pytest.raises(Terminal) as caught:
        await select(ctx, text=PAGE, select=selector)
    assert caught.value.failure.code == "invalid_selector"


@pytest.mark.parametrize(
    "params",
    [{"select": "p"}, {"text": "x", "select": ""}, {"text": "x", "select": "p", "fields": {"a": {"selekt": "p"}}}],
)
async def test_parameters_that_are_wrong(ctx, params):
    with pytest.raises(pydantic.ValidationError):
        await select(ctx, **params)


@pytest.mark.parametrize("piece", ["<div>", "<b><p>", "<!--", "</", "<!", "<?", "&", "<table>", "<svg><p>"])
async def test_hostile_page_costs_no_more_than_its_size(ctx, piece):
    """Each of these takes some parser minutes; a test that hangs is the failure."""
    assert (await select(ctx, text=piece * 100_000, select="em"))["rows"] == []


@pytest.mark.parametrize("piece", ["<a ", "<a x=", "<a '<b \"", "<a x='\""])
async def test_tag_that_never_ends_is_refused(ctx, piece):
    with pytest.raises(Terminal) as caught:
        await select(ctx, text=piece * 100_000, select="em")
    assert caught.value.failure.code == "invalid_html"


async def test_tag_with_thousands_of_attributes_is_refused(ctx):
    tag = "<div " + " ".join(f"a{number}='x y'" for number in range(20_000)) + ">"
    with pytest.raises(Terminal) as caught:
        await select(ctx, text=tag, select="div")
    assert caught.value.failure.code == "invalid_html"
    drawing = "<svg><path d='" + "M 0 0 " * 20_000 + "'></svg><p>x</p>"
    assert (await select(ctx, text=drawing, select="p"))["count"] == 1


async def test_sizes_are_bounded(ctx):
    with pytest.raises(Terminal) as caught:
        await select(ctx, text="x" * 5_000_001, select="p")
    assert caught.value.failure.code == "value_too_large"
    with pytest.raises(Terminal, match="step's result"):
        await select(ctx, text=f"<p>{'x' * 1_000_000}</p>", select="p")


def test_text_of_markup_keeps_words_apart():
    assert plain_text("<ul><li>un<li>de<b>ux</b></ul>trois&amp;") == "un deux trois&"
    assert plain_text("2 < 3 & 4") == "2 < 3 & 4"
    assert plain_text("") == ""


async def test_entries_of_rss(ctx):
    result = await feed(ctx, text=RSS, base="https://ville.example/rss")
    first, second = result.pop("items")
    assert result == {"title": "Avis", "link": "https://ville.example/avis", "more": False}
    assert first == {
        "id": "n-2",
        "title": "Été & travaux",
        "link": "https://ville.example/2",
        "published": "2026-01-05T09:00:00+00:00",
        "updated": None,
        "author": "zoe@x.fr",
        "summary": "Rue barrée Merci",
        "content": "<p>Rue <b>barrée</b></p><p>Merci</p>",
        "categories": ["voirie"],
        "files": ["https://ville.example/a.mp3"],
    }
    assert (second["id"], second["link"], second["published"]) == ("Sans rien", "", None)


async def test_entries_of_atom(ctx):
    (entry,) = (await feed(ctx, text=ATOM))["items"]
    assert (entry["id"], entry["link"], entry["author"]) == ("urn:1", "https://x.fr/1", "Zoé")
    assert (entry["updated"], entry["content"]) == ("2026-01-05T10:00:00+00:00", "<i>corps</i>")


async def test_broken_feed_gives_what_can_be_read_and_says_so(ctx):
    result = await feed(ctx, text=RSS[: RSS.index("<item><title>Sans")])
    assert len(result["items"]) == 1
    assert "not well-formed" in ctx.lines[0]


@pytest.mark.parametrize("text", ["", "<html><body>404</body></html>", "{}", "/etc/passwd", "https://example.org/rss"])
async def test_what_is_no_feed(ctx, text):
    with pytest.raises(Terminal) as caught:
        await feed(ctx, text=text)
    assert caught.value.failure.code == "invalid_feed"


async def test_feed_is_bounded(ctx):
    many = "<rss version='2.0'><channel>" + "<item><title>x</title></item>" * 150 + "</channel></rss>"
    result = await feed(ctx, text=many)
    assert (len(result["items"]), result["more"]) == (100, True)
    huge = f"<rss version='2.0'><channel><item><title>{'x' * 1_000_000}</title></item></channel></rss>"
    with pytest.raises(Terminal) as caught:
        await feed(ctx, text=huge)
    assert caught.value.failure.code == "value_too_large"


async def test_entities_neither_explode_nor_read_files(ctx):
    levels = "".join(f'<!ENTITY {chr(98 + n)} "{("&" + chr(97 + n) + ";") * 10}">' for n in range(9))
    start = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    body = "<rss version='2.0'><channel><title>{}</title><item><title>t</title></item></channel></rss>"
    assert len((await feed(ctx, text=f"{start}{levels}]>{body.format('&j;')}"))["title"]) < 1_000
    local = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    assert "root" not in (await feed(ctx, text=local + body.format("&a;")))["title"]
