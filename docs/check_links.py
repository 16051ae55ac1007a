"""Follow every link inside a built site, without a network: the file must exist, and the anchor in it.

    python docs/check_links.py site

Links to other servers are not followed. Anything that the browser would fetch from another server is an error, so the
site can be read offline.
"""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """The anchors of a page, its links, and what it loads."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value for name, value in attrs if value}
        self.anchors.update(found[name] for name in ("id", "name") if name in found)
        if "href" in found:
            icon = tag == "link" and found.get("rel") in ("stylesheet", "icon", "preload")
            (self.loaded if icon else self.links).append(found["href"])
        if "src" in found:
            self.loaded.append(found["src"])


def broken(site: Path) -> list[str]:
    """A line for every link that leads nowhere."""
    pages = {file: Page(file) for file in sorted(site.rglob("*.html"))}
    lines = []
    for file, page in pages.items():
        for link in page.links + page.loaded:
            url = urlsplit(link)
            if url.scheme or url.netloc:
                if link in page.loaded and url.scheme != "data":
                    lines.append(f"{file.relative_to(site)}: loads {link} from another server")
                continue
            start = site if url.path.startswith("/") else file.parent
            goal = (start / unquote(url.path).lstrip("/")).resolve() if url.path else file
            goal = goal / "index.html" if goal.is_dir() else goal
            anchor = unquote(url.fragment)
            if not goal.is_file():
                lines.append(f"{file.relative_to(site)}: {link} is not there")
            elif anchor and goal in pages and anchor not in pages[goal].anchors:
                lines.append(f"{file.relative_to(site)}: {link}: the page has no such anchor")
    return lines


if __name__ == "__main__":
    site = Path(sys.argv[1]).resolve()
    found = broken(site)
    print(*found, sep="\n", end="\n" if found else "")
    count = len(list(site.rglob("*.html")))
    print(f"{count} pages, {len(found)} broken links")
    sys.exit(bool(found) or not count)
