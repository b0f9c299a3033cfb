"""The values of an object's Secrets in what a cloud says."""

import pytest

from caas_operator.core.scrub import conceal
from caas_operator.core.secret import Sealed

LONG = "correct-horse-battery-staple"


@pytest.mark.parametrize(
    ("text", "secret", "shown"),
    [
        ("bad value 'hunter2'", "hunter2", "bad value '***'"),
        ("bad value 'hunter2'", "hunter2\n", "bad value '***'"),
        ("TOKEN=a b c d is bad", "a b\nc d", "TOKEN=*** is bad"),
        (f"no pull with {LONG}", LONG, "no pull with ***"),
        (f"no pull with {LONG[:14]}", LONG, "no pull with ***"),
        ("the value is hunt…", "hunter2", "the value is ***…"),
        ("the value is hunt… To give up: hunt", "hunter2", "the value is ***… To give up: hunt"),
        ("port 80 is no port", "80", "port 80 is no port"),
        ("say yes", "yes", "say yes"),
        ("create task: nothing of it", "hunter2", "create task: nothing of it"),
        ("", "hunter2", ""),
    ],
)
def test_values_and_pieces_of_them_are_masked_and_short_words_are_left(text: str, secret: str, shown: str) -> None:
    assert conceal(text, [Sealed(secret)]) == shown


def test_of_two_values_the_longer_is_masked_first() -> None:
    assert conceal("it is secret-and-more", [Sealed("secret"), Sealed("secret-and-more")]) == "it is ***"


def test_a_piece_of_one_value_inside_another_hides_neither_of_them() -> None:
    values = [Sealed("first-value rotated"), Sealed("pw-4242 rotated")]
    assert conceal("it was pw-4242 rotated", values) == "it was ***"
