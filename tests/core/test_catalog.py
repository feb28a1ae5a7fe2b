"""Catalogs: a file in a folder is the registration."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pocketlens
import pytest
from pocketlens.core.catalog import LOSSES, STUDENTS, TEACHERS, Catalog
from pocketlens.core.errors import BadInput

PACKAGE = Path(pocketlens.__file__).parent


@pytest.mark.parametrize(
    ("catalog", "folder"), [(TEACHERS, "teachers"), (STUDENTS, "students"), (LOSSES, "distill/losses")]
)
def test_every_file_in_the_folder_is_an_entry_with_a_line_about_it(catalog: Catalog, folder: str):
    files = sorted(path.stem for path in (PACKAGE / folder).glob("*.py") if path.stem != "__init__")
    assert catalog.names() == files
    assert all(catalog.summaries().values())
    assert [name for name, _ in catalog.items()] == files


def test_an_unknown_name_gets_the_nearest():
    with pytest.raises(BadInput, match="unknown student 'fsrcn'; did you mean 'fsrcnn'"):
        STUDENTS.get("fsrcn")
    with pytest.raises(BadInput, match="known: fsrcnn, ifnet_lite, sesr"):
        STUDENTS.get("xyz")


def test_listing_imports_no_network():
    code = (
        "import sys; from pocketlens.core.catalog import NETWORKS, LOSSES; NETWORKS.summaries(); LOSSES.names();"
        "from pocketlens.distill import recipe; recipe.summaries(); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
