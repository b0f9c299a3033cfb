"""Keyed hashes of write-only values."""

from caas_operator.core.fingerprint import Fingerprints, changed
from caas_operator.core.secret import Sealed

OURS = Fingerprints("k1", Sealed("00" * 32))


def test_a_changed_value_is_told_by_its_field_and_by_nothing_else() -> None:
    before = OURS.of({"a": Sealed("one"), "b": Sealed("two")})
    assert changed(before, OURS.of({"a": Sealed("one"), "b": Sealed("three")})) == ("b",)
    assert "one" not in str(before)


def test_the_same_value_in_two_fields_does_not_look_the_same() -> None:
    digests = OURS.of({"a": Sealed("one"), "b": Sealed("one")})["hmac"]
    assert digests["a"] != digests["b"]


def test_another_key_and_a_new_field_are_no_change() -> None:
    other = Fingerprints("k2", Sealed("11" * 32))
    assert changed(other.of({"a": Sealed("one")}), OURS.of({"a": Sealed("two")})) == ()
    assert changed({}, OURS.of({"a": Sealed("two")})) == ()
    assert changed(OURS.of({"a": Sealed("one")}), OURS.of({"a": Sealed("one"), "b": Sealed("new")})) == ()
