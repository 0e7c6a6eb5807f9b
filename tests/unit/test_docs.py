"""What `make docs` does not check: links of pages outside of the site, names of pages in the code, the index."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OUTSIDE = [
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "CHANGELOG.md",
    *sorted(str(file.relative_to(ROOT)) for file in (ROOT / "helm").glob("*/README.md")),
]
NAMED = re.compile(r"\bdocs/(?:[\w-]+/)*[\w-]+\.(?:md|png)\b|\bdocs/decisions/\d{4}\b")


@pytest.mark.parametrize("page", OUTSIDE)
def test_links_of_pages_outside_of_the_site_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", text) + re.findall(r'src="([^"]+)"', text)
    assert {link for link in links if not ((ROOT / page).parent / link).exists()} == set()


def test_code_names_pages_that_exist() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    kinds = {".py", ".sh", ".yaml", ".yml", ".json", ".tpl", ".gotmpl", ".toml", ""}
    files = [ROOT / name for name in tracked if Path(name).suffix in kinds and (ROOT / name).is_file()]
    missing = {
        (str(file.relative_to(ROOT)), name)
        for file in files
        for name in NAMED.findall(file.read_text(encoding="utf-8"))
        if not [*ROOT.glob(f"{name}*")]
    }
    assert missing == set()


def test_index_of_the_decisions_lists_each_record() -> None:
    folder = ROOT / "docs/decisions"
    rows = re.findall(r"^\| \[(\d{4})\]\((\d{4}-[\w-]+\.md)\)", (folder / "README.md").read_text(), re.MULTILINE)
    assert rows == [(file.name[:4], file.name) for file in sorted(folder.glob("[0-9]*.md"))]
