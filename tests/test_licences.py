"""What counts as a permissive licence."""

import pytest

from check_licences import is_fine, pinned_names


@pytest.mark.parametrize(
    ("licence", "expected"),
    [
        ("MIT", True),
        ("BSD-3-Clause AND 0BSD AND MIT", True),
        ("Apache-2.0 WITH LLVM-exception", True),
        ("GPL-3.0-only", False),
        ("GPL-3.0-only OR MIT", True),
        ("Public Domain; BSD License; GNU General Public License (GPL)", True),
        ("BSD-3-Clause AND LGPL-2.1-or-later", False),
        ("", False),
    ],
)
def test_licence_is_permissive_if_a_choice_is(licence: str, expected: bool) -> None:
    assert is_fine(licence) is expected


def test_pinned_names_leave_comments_out() -> None:
    assert pinned_names("# a==1\nb-c==2.0\n\nd.e==3 ; x\n") == ["b-c", "d.e"]
