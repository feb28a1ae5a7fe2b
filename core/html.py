"""HTML that is escaped by construction, and pages that need no other file."""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from . import picture

_HERE = Path(__file__).parent
_VOID = {"img", "link", "meta"}
_SIGNS = "0123456789+-"
_LONG = 30
"""Letters of a cell that may be broken."""


class Html(str):
    """Text that is markup already; any other text is escaped before it joins."""


def element(name: str, /, *content: str, **attributes: object) -> Html:
    """`<name key="value">content</name>`.

    An underscore in a key is a dash, at its end it is nothing (`class_`); None leaves the attribute out.
    """
    given = [
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    ]
    opened = f"<{name}{''.join(given)}>"
    return Html(opened) if name in _VOID else Html(f"{opened}{join(*content)}</{name}>")


def join(*content: str) -> Html:
    """One piece of markup of many; what is no markup is escaped."""
    return Html("".join(part if isinstance(part, Html) else html.escape(part) for part in content))


def table(caption: str, head: Sequence[str], rows: Sequence[Sequence[str]], cards: bool = False) -> Html:
    """A table whose first column names the rows; it scrolls in a box of its own, and is set by what columns hold.

    On a phone the rows may be `cards` instead, which tell the column of each cell and leave nothing to scroll to.
    """
    columns = range(len(head))
    kinds = [_kind([row[at] for row in rows]) for at in columns]
    top = [
        element("th", cell, scope="col", class_=kinds[at]) if cell else element("td", class_=kinds[at])
        for at, cell in enumerate(head)
    ]
    lines = [
        element(
            "tr",
            element("th", row[0], scope="row", class_=kinds[0]),
            *(element("td", row[at], class_=kinds[at], data_column=head[at] if cards else None) for at in columns[1:]),
        )
        for row in rows
    ]
    parts = element("thead", element("tr", *top)), element("tbody", *lines)
    held = element("table", *parts, class_="cards" if cards else None)
    return element("figure", element("figcaption", caption), wide(caption, held))


def wide(what: str, content: Html) -> Html:
    """A box in which content that is wider than the page is scrolled, by keys as well."""
    return element("div", content, class_="wide", role="region", aria_label=what, tabindex=0)


def definitions(facts: Mapping[str, str]) -> Html:
    """Terms and what they stand for."""
    return element("dl", *(element("div", element("dt", name), element("dd", told)) for name, told in facts.items()))


def image(png: bytes, what: str) -> Html:
    """A PNG within the page, and what to say to whoever does not see it."""
    return element("img", alt=what, src=f"data:image/png;base64,{base64.b64encode(png).decode()}")


def figures(views: Mapping[str, np.ndarray], what: str, notes: Mapping[str, str] | None = None) -> Html:
    """Pictures of one size side by side, uint8 BGR by label; `what` they show, and a `note` for some."""
    notes = notes or {}
    shown = [
        element(
            "figure",
            image(picture.encode(np.ascontiguousarray(bgr)), f"{what}: {label}"),
            element("figcaption", element("b", label), " ", notes.get(label, "")),
        )
        for label, bgr in views.items()
    ]
    return element("div", *shown, class_="views")


def comparable(views: Html, *below: Html) -> Html:
    """Figures that a slider lays over each other, where there is JavaScript, and what belongs to them."""
    return element("div", element("div", views, *below), class_="compare")


def document(title: str, *body: Html) -> str:
    """A whole page. What is in it can reach nothing outside it, nor run any script but ours."""
    style, script = ((_HERE / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    policy = f"default-src 'none'; img-src data:; style-src '{_digest(style)}'; script-src '{_digest(script)}'"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("link", rel="icon", href="data:,"),
        element("title", title),
        element("style", Html(style)),
    )
    main = element("body", element("main", *body), element("script", Html(script)))
    return f"<!doctype html>\n{element('html', head, main, lang='en')}\n"


def _digest(text: str) -> str:
    """As a page's policy names a script."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _kind(cells: Sequence[str]) -> str | None:
    """Whether a column is of numbers or of words, which may be broken over lines."""
    if cells and all(cell[:1] in _SIGNS for cell in cells):
        return "number"
    return "words" if any(len(cell) > _LONG and not isinstance(cell, Html) for cell in cells) else None
