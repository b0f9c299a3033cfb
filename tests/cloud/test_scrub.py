import json
import time

import pytest

from caas_operator.cloud.scrub import MAX_TEXT, presentable
from caas_operator.core.scrub import scrub

SECRET = "p$ss/wörd+\"quoted\" 'and' long"


@pytest.mark.parametrize(
    "text",
    [
        f"value {SECRET} is bad",
        f"value {json.dumps(SECRET)} is bad",
        f"value {SECRET!r} is bad",
        f"value {SECRET[:14]}... is bad",
        f"value ...{SECRET[-14:]} is bad",
        f"{SECRET}{SECRET}",
    ],
)
def test_no_secret_and_no_piece_of_it_is_left(text: str) -> None:
    shown = scrub(text, [SECRET])
    assert "***" in shown
    for start in range(len(SECRET) - 8):
        assert SECRET[start : start + 8] not in shown


def test_text_around_a_secret_stays_readable() -> None:
    assert scrub("env DB: 'hunter2!' is too short", ["hunter2!"]) == "env DB: '***' is too short"


def test_the_longer_of_two_secrets_is_masked_whole() -> None:
    assert scrub("abcdefgh", ["abcd", "abcdefgh"]) == "***"


def test_a_very_short_secret_is_masked_only_where_it_stands_alone() -> None:
    assert scrub("port 80 of 8080", ["80"]) == "port *** of 8080"


def test_an_empty_secret_masks_nothing() -> None:
    assert scrub("some text", ["", "  ", "\n"]) == "some text"


def test_a_secret_is_masked_with_and_without_the_newline_of_its_file() -> None:
    assert scrub("token abcdef!", ["abcdef\n"]) == "token ***!"


def test_a_secret_is_not_shown_by_cutting_the_text_inside_it() -> None:
    secret = "s3cr3t" * 10
    shown = presentable("x" * (MAX_TEXT - 10) + secret, [secret])
    assert "s3cr3t" not in shown


def test_text_is_one_line_of_bounded_length_without_control_characters() -> None:
    shown = presentable("a\n\tb\x1b[31m\u202e" + "c" * 1000)
    assert shown.startswith("a b[31mc")
    assert len(shown) == MAX_TEXT
    assert shown.endswith("…")


def test_megabytes_of_secret_are_masked_without_delay() -> None:
    secret = "".join(f"{number:08d}-" for number in range(1_000_000))
    started = time.process_time()
    shown = presentable(f"value {secret[:100]}... is bad", [secret])
    assert shown == "value ***... is bad"
    assert time.process_time() - started < 1
