"""The cache: by uid, never back to an older version."""

from caas_operator.app.cache import Cache
from caas_operator.core.model import Key
from tests.core.build import resource


def test_what_is_put_is_found_by_its_uid() -> None:
    cache, obj = Cache(), resource()
    assert cache.put(obj) is None
    assert cache.get(obj.key) is obj
    assert cache.keys() == {Key("Box", "uid-1")}
    assert len(cache) == 1


def test_a_newer_version_replaces_and_returns_the_older() -> None:
    cache, old, new = Cache(), resource(version=1), resource(version=2)
    cache.put(old)
    assert cache.put(new) is old
    assert cache.get(old.key) is new


def test_an_older_version_is_its_own_answer_and_replaces_nothing() -> None:
    cache, old, new = Cache(), resource(version=1), resource(version=2)
    cache.put(new)
    assert cache.put(old) is old
    assert cache.get(old.key) is new


def test_the_same_version_again_answers_what_is_known() -> None:
    """As the watch tells of our own write: there is nothing new in it."""
    cache, known = Cache(), resource(version=2)
    cache.put(known)
    assert cache.put(resource(version=2)) is known


def test_versions_are_numbers_and_not_words() -> None:
    cache = Cache()
    cache.put(resource(version=9))
    cache.put(resource(version=10))
    assert cache.get(Key("Box", "uid-1")) == resource(version=10)


def test_a_name_that_is_used_again_is_another_object() -> None:
    cache = Cache()
    cache.put(resource(uid="a"))
    cache.put(resource(uid="b"))
    cache.drop(Key("Box", "a"))
    assert cache.keys() == {Key("Box", "b")}


def test_objects_of_a_kind_may_be_dropped_while_they_are_walked() -> None:
    cache = Cache()
    for number in range(3):
        cache.put(resource(uid=str(number)))
    cache.put(resource(uid="x", kind="Cell"))
    for obj in cache.of_kind("Box"):
        cache.drop(obj.key)
    assert cache.keys() == {Key("Cell", "x")}
    assert cache.drop(Key("Box", "gone")) is None
