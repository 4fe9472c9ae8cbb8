"""The actions `pdf.text` and `pdf.render`. They need the extra `pdf`: pip install 'recipe-engine[pdf]'.

The one rule: a document that cannot be read or laid out is a failure that says so, and neither action looks at anything
but what it was given: no file, no address.
"""

from __future__ import annotations

import asyncio
import importlib
import io
import re
from typing import Any, Literal

from pydantic import BaseModel, Field

from recipe_engine.plugin import Connector, Context, FileValue, Params, Result, Terminal, hookimpl

pdf = Connector(name="pdf", title="PDF documents")

LARGEST_TEXT = 900_000
_LARGEST_FILE = 50_000_000
_LARGEST_HTML = 1_000_000
_RANGE = re.compile(r"\s*(\d+)\s*(?:-\s*(\d+)\s*)?\Z")
_MOST_PAGES = 2_000
# What the libraries let through when a document is not what they expect, beside their own errors.
_MISREAD = (ValueError, TypeError, KeyError, IndexError, AttributeError, AssertionError, RecursionError, OSError)


def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise Terminal(
            f"{name} is not installed", code="not_installed", detail="pip install 'recipe-engine[pdf]'"
        ) from error


class ReadPdf(Params):
    """Which pages of which document."""

    file: FileValue
    pages: str | None = Field(default=None, description="1-3,7: only these pages, counted from 1")


class Page(BaseModel):
    """The text of one page."""

    number: int
    text: str


class PdfText(Result):
    """The text of the document, whole and by page."""

    text: str
    pages: list[Page]
    page_count: int = Field(description="pages of the document, read or not")


@pdf.action(
    effect="read", timeout=120.0, example='{id: contract, type: pdf.text, with: {file: "{{ upload }}", pages: 1-3}}'
)
async def text(ctx: Context, params: ReadPdf) -> PdfText:
    """The text of a PDF. A scan has none: hand the file itself to a model (llm_call) instead."""
    _library("pypdf")
    data = await ctx.blobs.read(params.file, _LARGEST_FILE)
    found = await asyncio.to_thread(_read, data, params)
    if not found.text.strip():
        ctx.log("the pages have no text, they may be scanned: a model can look at the file itself (llm_call)")
    return found


def _read(data: bytes, params: ReadPdf) -> PdfText:
    pypdf = _library("pypdf")
    errors = importlib.import_module("pypdf.errors")
    name = params.file.name
    try:
        reader = pypdf.PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise Terminal(f"{name} is protected by a password", code="encrypted_file")
        count = len(reader.pages)
        pages = [Page(number=n, text=reader.pages[n - 1].extract_text()) for n in _chosen(params.pages, count, name)]
    except (errors.PyPdfError, *_MISREAD) as error:
        raise Terminal(f"{name} cannot be read as a PDF", code="invalid_file", detail=str(error)[:500]) from error
    whole = "\n\n".join(page.text for page in pages)
    if 2 * len(whole.encode("utf-8", "replace")) > LARGEST_TEXT:
        raise Terminal(
            f"the text of {name} is too large for a step's result",
            code="value_too_large",
            detail="read fewer pages (pages)",
        )
    return PdfText(text=whole, pages=pages, page_count=count)


def _chosen(wanted: str | None, count: int, name: str) -> list[int]:
    """Page numbers of `1-3,7`, in the order written."""
    if wanted is None:
        return list(range(1, min(count, _MOST_PAGES) + 1))
    numbers: list[int] = []
    for part in wanted.split(","):
        found = _RANGE.match(part)
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
        if not 1 <= first <= last <= count:
            raise Terminal(
                f"pages {wanted!r} of {name}: expected numbers like 1-3,7 within its {count} pages", code="validation"
            )
        numbers += range(first, last + 1)
    return numbers


class RenderPdf(Params):
    """What becomes a document, on which paper."""

    html: str = Field(
        max_length=_LARGEST_HTML,
        description="headings, paragraphs, lists, tables, b, i, u, a, hr, pre, font; images as data: addresses",
    )
    name: str = Field(default="document.pdf", min_length=1, max_length=200)
    title: str = Field(default="", description="shown by readers in the place of the file's name")
    paper: Literal["A3", "A4", "A5", "letter", "legal"] = "A4"
    landscape: bool = False
    margin: float = Field(default=20.0, ge=0, le=60, description="millimetres")
    font: FileValue | None = Field(
        default=None, description="a TrueType font, for scripts other than Western European; Helvetica without it"
    )
    font_size: float = Field(default=11.0, ge=5, le=40, description="points")


class Rendered(Result):
    """The document."""

    file: FileValue
    page_count: int


# A read: it makes a value and touches nothing that anybody else sees, so a dry run does it too.
@pdf.action(
    effect="read",
    timeout=120.0,
    example="""\
- id: quote
  type: pdf.render
  with: {name: devis.pdf, html: "<h1>Devis {{ number }}</h1><p>Total : {{ total }} €</p>"}
""",
)
async def render(ctx: Context, params: RenderPdf) -> Rendered:
    """A PDF out of simple HTML (no style sheets)."""
    _library("fpdf")
    font = await ctx.blobs.read(params.font, _LARGEST_FILE) if params.font else None
    data, count = await asyncio.to_thread(_render, params, font)
    return Rendered(file=await ctx.blobs.save_bytes(data, params.name, "application/pdf"), page_count=count)


def _render(params: RenderPdf, font: bytes | None) -> tuple[bytes, int]:
    fpdf = _library("fpdf")
    made = fpdf.FPDF(format=params.paper, orientation="landscape" if params.landscape else "portrait")
    made.set_margin(params.margin)
    made.set_auto_page_break(True, params.margin)
    made.set_title(params.title or params.name)
    # The built-in fonts know Western European letters and the euro sign under this name only.
    made.core_fonts_encoding = "windows-1252"
    family = "helvetica"
    try:
        if font is not None:
            family = "given"
            for style in ("", "B", "I", "BI"):
                made.add_font(family, style, io.BytesIO(font))
        made.add_page()
        made.set_font(family, size=params.font_size)
        made.write_html(params.html, image_map=_own_image, ul_bullet_char="•", font_family=family)
        return bytes(made.output()), made.pages_count
    except fpdf.errors.FPDFUnicodeEncodingException as error:
        raise Terminal(
            f"the font has no character {error.character!r}",
            code="unsupported_text",
            detail="give a TrueType font that has it (font)",
        ) from error
    except (fpdf.errors.FPDFException, *_MISREAD) as error:
        raise Terminal(
            "the HTML cannot be laid out",
            code="invalid_html",
            detail=f"{type(error).__name__}: {error}; tables cannot be nested, and every tag must be closed"[:500],
        ) from error


def _own_image(address: str) -> str:
    """The images of a document come with it: an address or a path would be fetched from where the engine runs."""
    if not re.match(r"data:image/(png|jpeg|gif|webp);base64,", address):
        raise Terminal(
            f"the image {address[:80]!r} is no data: address of a PNG, JPEG, GIF or WebP image",
            code="unsupported_media",
            detail="put the image into the HTML as data:image/png;base64,...",
        )
    return address


@hookimpl
def register_connectors() -> list[Connector]:
    """The connector of PDF documents."""
    return [pdf]
