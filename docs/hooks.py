"""What the site adds to the pages in `docs/`: the navigation, the Python reference, and the files that pages link to.

`docs/index.md` is the table of contents, on the site as on GitHub: each heading becomes a part of the navigation, and
each link in a list below it becomes a page of that part. The reference has a page per room of `sim/`, made from its
docstrings.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

import sim

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
BESIDE = (
    "*.md", "LICENSE", "NOTICE", "CITATION.cff", "Containerfile", "conda/*.yaml", "scenarios/**/*.yaml",
    "notebooks/*.ipynb",
)  # fmt: skip
"""Files outside `docs/` that pages link to; they become part of the site."""
LINK = re.compile(r"\[([^\[\]]*)\]\(([^)#\s]+)(#[^)\s]*)?\)")


def page_of(file: Path) -> str:
    """Where a file of the repository stands on the site."""
    if file == ROOT / "README.md":
        return "start.md"  # mkdocs would take README.md for the front page
    return file.relative_to(DOCS if file.is_relative_to(DOCS) else ROOT).as_posix()


def reference() -> dict[str, str]:
    """The pages of the Python reference: the public names, then a page per room of `sim/`."""
    public = [name for name in sim.__all__ if not name.startswith("_")]
    pages = {"sim": "# `import sim`\n\n" + "\n\n".join(f"::: sim.{name}" for name in public)}
    for door in sorted((ROOT / "sim").rglob("__init__.py")):
        room = ".".join(door.parent.relative_to(ROOT).parts)
        files = [f"{room}.{file.stem}" for file in sorted(door.parent.glob("*.py")) if not file.stem.startswith("__")]
        full = "    options: {show_root_full_path: true, heading_level: 2}"
        blocks = [f"::: {module}\n{full}" for module in files]
        if room == "sim":
            pages["files"] = "# Files beside the rooms\n\n" + "\n\n".join(blocks)
        elif blocks:
            pages[room] = f"# `{room}`\n\n" + "\n\n".join(blocks)
    return {f"reference/{name}.md": text for name, text in pages.items()}


def on_config(config: Any) -> Any:
    """Read the navigation from the index."""
    parts: dict[str, list] = {}
    for line in (DOCS / "index.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            parts[line[3:]] = []
        elif line.startswith("- "):
            parts[list(parts)[-1]] += [{link[1]: page_of((DOCS / link[2]).resolve())} for link in LINK.finditer(line)]
    parts["Reference"].append({"Python": [{Path(page).stem: page} for page in reference()]})
    config.nav = [{"Home": "index.md"}, *({title: pages} for title, pages in parts.items())]
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the pages and files that do not stand in `docs/`."""
    for name, text in reference().items():
        files.append(File.generated(config, name, content=text))
    for file in sorted(file for pattern in BESIDE for file in ROOT.glob(pattern)):
        files.append(File.generated(config, page_of(file), abs_src_path=str(file)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Turn links between files of the repository into links between pages; a link to a folder becomes plain text."""
    source = page.file.abs_src_path
    origin, here = Path(source).parent if source else DOCS, os.path.dirname(page.file.src_uri)

    def moved(link: re.Match[str]) -> str:
        goal = (origin / link[2]).resolve()
        if ":" in link[2] or not goal.is_relative_to(ROOT) or not goal.exists():
            return link[0]
        return (
            link[1] if goal.is_dir() else f"[{link[1]}]({os.path.relpath(page_of(goal), here or '.')}{link[3] or ''})"
        )

    return LINK.sub(moved, markdown)
