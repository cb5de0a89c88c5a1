"""Builds the book into a folder, and says which of its links lead nowhere.

    python3 .ci/book.py OUT [MDBOOK]

The manuals lie beside the code. So that links between them hold in the book as they do on disk, all pages that
docs/SUMMARY.md names, and the files that they link to, are laid out in a folder under their own paths; mdBook
builds that. Then each link and anchor of the pages that it made is followed."""

import html.parser
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
LINK = re.compile(r"\]\(([^)\s]+)\)")


def inside(page, target):
    """The file of the repository that a link of a page leads to; None for the web and for the page itself."""
    path = urllib.parse.unquote(target.split("#")[0])
    if not path or "://" in target or target.startswith("mailto:"):
        return None
    return (page.parent / path).resolve()


def prose(text):
    return re.sub(r"^```.*?^```", "", text, flags=re.S | re.M)


def lay_out(stage):
    summary = (DOCS / "SUMMARY.md").read_text()
    pages = {inside(DOCS / "SUMMARY.md", target) for target in LINK.findall(summary)}
    faults = [f"docs/SUMMARY.md: no {page.relative_to(ROOT)}" for page in pages if not page.exists()]
    faults += [f"{page.relative_to(ROOT)}: not in docs/SUMMARY.md"
               for page in DOCS.rglob("*.md") if page not in pages]
    linked = set(pages)
    for page in pages:
        if not page.exists():
            continue
        for target in LINK.findall(prose(page.read_text())):
            led = inside(page, target)
            if led is None or led in pages:
                continue
            if not led.exists():
                faults.append(f"{page.relative_to(ROOT)}: no {target}")
            elif led.suffix == ".md":
                faults.append(f"{page.relative_to(ROOT)}: {target} is not in docs/SUMMARY.md")
            elif led.is_file():
                linked.add(led)
    for file in linked:
        if file.exists():
            place = stage / "src" / file.relative_to(ROOT)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, place)
    ours = LINK.sub(lambda m: f"]({inside(DOCS / 'SUMMARY.md', m[1]).relative_to(ROOT)})", summary)
    (stage / "src" / "SUMMARY.md").write_text(ours)
    config = (DOCS / "book.toml").read_text().replace('src = "."', 'src = "src"')
    (stage / "book.toml").write_text(config)
    return faults


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.links, self.ids = [], set()

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.ids.add(attributes.get("id"))
        if tag == "a" and attributes.get("href"):
            self.links.append(attributes["href"])


def follow(out):
    pages = {}
    for file in out.rglob("*.html"):
        if file.name in ("404.html", "toc.html"):
            continue
        pages[file] = Page()
        pages[file].feed(file.read_text())
    for file, page in pages.items():
        for link in page.links:
            address = urllib.parse.urlsplit(link)
            if address.scheme or address.netloc:
                continue
            path = urllib.parse.unquote(address.path)
            led = (file.parent / path).resolve() if path else file
            name = file.relative_to(out)
            if not led.exists():
                yield f"{name}: no {link}"
            elif address.fragment and led in pages:
                if urllib.parse.unquote(address.fragment) not in pages[led].ids:
                    yield f"{name}: no anchor {link}"


def main():
    out = pathlib.Path(sys.argv[1]).resolve()
    mdbook = sys.argv[2] if len(sys.argv) > 2 else "mdbook"
    with tempfile.TemporaryDirectory() as stage:
        stage = pathlib.Path(stage)
        faults = lay_out(stage)
        if not faults:
            shutil.rmtree(out, ignore_errors=True)
            subprocess.run([mdbook, "build", stage, "--dest-dir", out], check=True)
            faults = sorted(set(follow(out)))
    for fault in faults:
        print(fault)
    sys.exit(1 if faults else 0)


main()
