import pytest

from nextword.base import ConfigError, Registry


def animals() -> Registry[int]:
    return Registry({"dog": 1, "cat": 2}, setting="animal", register="keep", reserved=("any",))


def test_registry_gives_what_it_began_with_and_what_was_added() -> None:
    registry = animals()

    registry.add("bird", 3)

    assert dict(registry) == {"dog": 1, "cat": 2, "bird": 3}
    assert len(registry) == 3


def test_registry_does_not_change_what_it_was_made_of() -> None:
    known = {"dog": 1}

    Registry(known, setting="animal", register="keep").add("bird", 3)

    assert known == {"dog": 1}


@pytest.mark.parametrize("name", ["dog", "any"])
@pytest.mark.parametrize("replace", [True, False])
def test_add_own_or_reserved_name_is_refused(name: str, replace: bool) -> None:
    with pytest.raises(ConfigError, match=f"animal '{name}' is built in") as caught:
        animals().add(name, 3, replace=replace)

    assert caught.value.help == "Choose another name."


def test_add_name_twice_is_refused() -> None:
    registry = animals()
    registry.add("bird", 3)

    with pytest.raises(ConfigError, match="animal 'bird' is already registered") as caught:
        registry.add("bird", 4)

    assert "replace=True" in caught.value.help
    assert registry["bird"] == 3


def test_add_replace_takes_the_place_of_the_earlier_one() -> None:
    registry = animals()
    registry.add("bird", 3)

    registry.add("bird", 4, replace=True)

    assert registry["bird"] == 4


@pytest.mark.parametrize("name", ["dog", "any"])
def test_check_known_or_reserved_name_passes(name: str) -> None:
    animals().check(name)


@pytest.mark.parametrize(("name", "meant"), [("dgo", "'dog'"), ("ani", "'any'")])
def test_check_unknown_name_suggests_the_nearest(name: str, meant: str) -> None:
    with pytest.raises(ConfigError, match=f"animal is '{name}', which is unknown") as caught:
        animals().check(name)

    assert caught.value.help == f"Did you mean {meant}? Register your own with keep."
