"""What all tests share. Must not import nextword: the shape-checking import hook comes first."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

REPOSITORY = Path(__file__).resolve().parent.parent

# Programs that tests start write through buffers, as those of users do.
os.environ.pop("PYTHONUNBUFFERED", None)

# Two busy cores make deadlines lie. The same examples every time: a red run can be repeated.
# `pytest --hypothesis-profile=explore` looks further.
settings.register_profile("default", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=2000)
settings.load_profile("default")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of public corpora: NEXTWORD_DATA, or shared/data beside the repository."""
    beside = REPOSITORY.parent / "shared" / "data"
    folder = Path(os.environ.get("NEXTWORD_DATA", beside))
    if not folder.is_dir():
        pytest.skip(f"the corpora are not at {folder}; point NEXTWORD_DATA at them")
    return folder
