"""What strangers write stays text, and a page reaches nothing outside itself."""

from __future__ import annotations

import base64
import hashlib
import re

import numpy as np
from pocketlens.core.html import Html, definitions, document, element, figures, join, table

HOSTILE = "<script>alert('1')</script>&\""
ESCAPED = "&lt;script&gt;alert(&#x27;1&#x27;)&lt;/script&gt;&amp;&quot;"


def test_text_is_escaped_in_content_and_attributes_and_markup_is_not():
    assert element("p", HOSTILE, element("b", "a"), title=HOSTILE) == f'<p title="{ESCAPED}">{ESCAPED}<b>a</b></p>'
    assert join("<", Html("<hr>")) == "&lt;<hr>"


def test_attributes_are_spelt_as_in_html_and_left_out_when_there_is_none():
    assert element("img", class_="a", aria_label="b", width=None) == '<img class="a" aria-label="b">'


def test_every_part_of_a_page_escapes_what_it_is_given():
    picture = {HOSTILE: np.zeros((2, 2, 3), np.uint8)}
    parts = [
        table(HOSTILE, [HOSTILE, HOSTILE], [[HOSTILE, HOSTILE]]),
        definitions({HOSTILE: HOSTILE}),
        figures(picture, HOSTILE, {HOSTILE: HOSTILE}),
    ]
    assert "<script>" not in "".join(parts)
    assert document(HOSTILE, *parts).count("<script") == 1, "our own"


def test_tables_name_rows_and_columns_and_tell_numbers_from_words():
    made = table("Caption", ["", "p50", "why"], [["a", "1.5", "w" * 40], ["b", "-", "none"]])
    assert made.startswith('<figure><figcaption>Caption</figcaption><div class="wide"'), "it does not scroll along"
    assert made.count('scope="col"') == 2 and made.count('scope="row"') == 2
    assert '<td class="number">1.5</td>' in made and '<td class="words">none</td>' in made


def test_on_cards_each_cell_tells_its_column():
    made = table("Caption", ["", HOSTILE], [["a", "1.5"]], cards=True)
    assert f'<td class="number" data-column="{ESCAPED}">1.5</td>' in made


def test_a_page_allows_its_own_script_and_style_and_nothing_else():
    page = document("title")
    policy = re.search('Content-Security-Policy" content="([^"]+)"', page)
    assert policy and policy[1].startswith("default-src &#x27;none&#x27;; img-src data:;")
    for name in ("style", "script"):
        held = re.search(f"<{name}>(.*)</{name}>", page, re.DOTALL)
        assert held
        digest = base64.b64encode(hashlib.sha256(held[1].encode()).digest()).decode()
        assert f"{name}-src &#x27;sha256-{digest}&#x27;" in policy[1]
