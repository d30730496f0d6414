"""Take the pictures of the page of a server and of an exported file, in docs/images.

Needs playwright, Chromium and a running server with two language models, the first of them
recurrent. The texts fit models that were trained on War and Peace:

    nextword serve war-and-peace=RUN ngram-5=RUN --port 8765 &
    nextword export RUN --to html --out model.html --title "War and Peace"
    python docs/make_page_pictures.py --server http://127.0.0.1:8765 --file model.html
"""

import argparse
import io
import shutil
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

IMAGES = Path(__file__).resolve().parent / "images"
TEXT = "Pierre looked at the prince and said that the French army had "
LINES = [
    "The French army had been in Moscow for a month.",
    "The army French had month a for Moscow in been.",
    "Pierre looked at the prince.",
    "Pierre looked at the telephone.",
]
NUM_COLORS = 256


def main() -> None:
    """Take the pictures of what is named on the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--server", metavar="URL")
    parser.add_argument("--file", metavar="HTML", type=Path)
    arguments = parser.parse_args()
    program = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        if arguments.server is not None:
            page_of_server(browser, arguments.server)
            two_models(browser, arguments.server)
            ranking(browser, arguments.server)
            phone(browser, arguments.server)
        if arguments.file is not None:
            exported_file(browser, arguments.file.resolve().as_uri())
        browser.close()


def opened(browser: Any, url: str, *, width: int = 1120, height: int = 800, **options: Any) -> Any:
    """Open a page of a width, and wait until it has started."""
    viewport = {"width": width, "height": height}
    page = browser.new_context(viewport=viewport, reduced_motion="reduce", **options).new_page()
    page.goto(url)
    page.wait_for_selector("#app:not([hidden])")
    return page


def written(page: Any) -> None:
    """Write the text, and generate from it."""
    page.fill("#text", TEXT)
    page.fill("#seed", "2")
    page.fill("#max-tokens", "50")
    page.wait_for_timeout(1500)
    page.click("#start")
    page.wait_for_timeout(200)
    page.wait_for_selector("#stop:disabled")
    page.focus("#text")
    page.wait_for_timeout(300)


def page_of_server(browser: Any, url: str) -> None:
    """Take a picture of one model."""
    page = opened(browser, url)
    written(page)
    save(page, "serve-page.png", full_page=True)


def two_models(browser: Any, url: str) -> None:
    """Take a picture of two models side by side, in dark colors."""
    page = opened(browser, url, height=650, color_scheme="dark")
    page.select_option("#second", index=1)
    page.fill("#text", TEXT)
    page.wait_for_timeout(1500)
    save(page, "serve-page-two.png")


def ranking(browser: Any, url: str) -> None:
    """Take a picture of ranked sentences."""
    page = opened(browser, f"{url}/#rank", height=560)
    page.fill("#lines", "\n".join(LINES))
    page.wait_for_selector("#ranking td")
    save(page, "serve-page-rank.png")


def phone(browser: Any, url: str) -> None:
    """Take a picture on a phone."""
    page = opened(browser, url, width=390, height=844, color_scheme="dark", has_touch=True)
    page.fill("#text", TEXT)
    page.wait_for_timeout(1500)
    save(page, "serve-page-phone.png")


def exported_file(browser: Any, url: str) -> None:
    """Take a picture of a file of `nextword export --to html`."""
    page = opened(browser, url)
    page.fill("#text", TEXT.rstrip())
    page.fill("#text", TEXT)
    page.click("#liveliest")
    written(page)
    save(page, "html-page.png", full_page=True)


def save(page: Any, name: str, *, full_page: bool = False) -> None:
    """Write a picture with few colors, which is small."""
    picture = Image.open(io.BytesIO(page.screenshot(full_page=full_page))).convert("RGB")
    few = picture.quantize(NUM_COLORS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    few.save(IMAGES / name, optimize=True)
    page.context.close()


if __name__ == "__main__":
    main()
