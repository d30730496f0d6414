"""The files of the page: whole, confined, and open where the rest needs a key."""

import re
from pathlib import Path

from nextword.pages import shared_names
from nextword.serving.page import files, page_files
from served_models import client_of, served_model

MODELS = {"words": served_model()}
FILES = page_files()


def text_of(path: str) -> str:
    return FILES[path].content.decode("utf-8")


def test_files_are_served_with_a_policy() -> None:
    with client_of(MODELS) as client:
        for path, file in FILES.items():
            response = client.get(path)

            assert response.content == file.content
            assert response.headers["content-type"] == file.media_type
            policy = response.headers["content-security-policy"].split("; ")
            assert "default-src 'none'" in policy
            assert "script-src 'self'" in policy
            assert "connect-src 'self'" in policy
            assert not [each for each in policy if "unsafe" in each or "*" in each]
            assert response.headers["x-content-type-options"] == "nosniff"


def test_other_paths_are_not_found() -> None:
    paths = ("/page", "/page/", "/page/none.js", "/page/..%2fconfig.py", "/page/index.html")

    with client_of(MODELS) as client:
        assert {client.get(path).status_code for path in paths} == {404}


def test_page_needs_no_key_and_the_rest_does() -> None:
    with client_of(MODELS, api_key="secret") as client:
        assert {client.get(path).status_code for path in FILES} == {200}
        assert client.get("/v1/models").status_code == 401
        assert client.get("/page/none.js").status_code == 401


def test_page_can_be_left_out() -> None:
    with client_of(MODELS, has_page=False, api_key="secret") as client:
        assert client.get("/").status_code == 401
        assert client.get("/", headers={"authorization": "Bearer secret"}).status_code == 404


def test_modules_import_names_that_exist() -> None:
    for path in FILES:
        for names, module in re.findall(r'^import \{(.*?)\} from "\./(.*?)";', text_of(path), re.M):
            source = text_of(f"/page/{module}")
            for name in names.split(","):
                pattern = rf"^export (?:async )?(?:const|function\*?|class) {name.strip()}\b"
                assert re.search(pattern, source, re.M), (path, module, name)


def test_page_loads_only_its_own_files() -> None:
    links = re.findall(r'(?:src|href)="(.*?)"', text_of("/"))

    assert {each for each in links if not each.startswith("data:")} <= {
        path.removeprefix("/") for path in FILES
    }
    assert not [path for path in FILES if re.search(r"https?://(?!www\.w3\.org)", text_of(path))]
    # The policy forbids styles and handlers in the markup.
    assert not re.search(r'\s(?:style|on\w+)="|<style|<script>', text_of("/"))


def test_shared_and_own_names_differ() -> None:
    own = {path.name for path in Path(files.__file__).with_name("web").iterdir()}

    assert not own & set(shared_names())
    assert len(FILES) == len(own) + len(shared_names())


def test_both_dark_schemes_have_the_same_colors() -> None:
    blocks = [
        re.search(r'(?:not\(\[data-theme="light"\]\)|data-theme="dark"\]) \{(.*?)\}', text, re.S)
        for text in (text_of("/page/base.css"), text_of("/page/page.css"))
    ]

    colors = [dict(re.findall(r"(--[\w-]+): ([^;]+);", block[1])) for block in blocks if block]
    assert len(colors) == 2
    assert colors[0] == colors[1]
