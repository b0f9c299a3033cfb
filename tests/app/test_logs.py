import asyncio
import io
import json
import logging
import warnings
from collections.abc import Iterator
from typing import Any, Literal

import pytest

from caas_operator.app.telemetry import logs
from caas_operator.app.telemetry.redaction import HIDDEN, Redaction
from caas_operator.core.model import Resource
from caas_operator.core.secret import Sealed

WEB = Resource("CaasContainer", "u-1", "demo", "web", 1, 7, "", None, {}, (), {}, {})
MAIN = Resource("ClusterCloudAccount", "u-2", None, "main", 1, 7, "", None, {}, (), {}, {})


class Written:
    """What was logged since."""

    def __init__(self, form: Literal["json", "text"], level: str = "info") -> None:
        self.stream = io.StringIO()
        logs.configure(form, level, self.stream)

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture(autouse=True)
def logging_as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    levels = {name: logging.getLogger(name).level for name in logs.QUIET}
    monkeypatch.setattr(logs, "redaction", Redaction())
    with warnings.catch_warnings():
        yield
        logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


logger = logging.getLogger("caas_operator.test")


def test_json_lines_say_when_what_and_about_whom() -> None:
    written = Written("json")
    with logs.about(WEB, account="CloudAccount/main", operation="Create"):
        logger.info("created %s", "1/2/web", extra={"request_id": "r-1", "attempt": 2})
    logger.info("outside")
    inside, outside = written.lines
    assert inside.pop("ts").endswith("Z")
    assert inside == {
        "level": "info", "logger": "caas_operator.test", "message": "created 1/2/web",
        "object": "CaasContainer demo/web", "kind": "CaasContainer", "namespace": "demo", "name": "web", "uid": "u-1",
        "account": "CloudAccount/main", "operation": "Create", "request_id": "r-1", "attempt": 2,
    }  # fmt: skip
    assert outside.keys() == {"ts", "level", "logger", "message"}


def test_contexts_nest_and_cluster_scoped_objects_have_no_namespace() -> None:
    written = Written("json")
    with logs.about(MAIN):
        with logs.about(operation="List"):
            logger.info("inner")
        logger.info("outer")
    inner, outer = written.lines
    assert (inner["object"], inner["operation"]) == ("ClusterCloudAccount main", "List")
    assert "namespace" not in inner
    assert "operation" not in outer


async def test_each_task_has_the_context_of_its_own_object() -> None:
    written = Written("json")

    async def work(name: str, gate: asyncio.Event) -> None:
        with logs.about(operation=name):
            await gate.wait()
            logging.getLogger("other.library").warning(name)

    gate = asyncio.Event()
    tasks = [asyncio.create_task(work(name, gate)) for name in "ab"]
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(*tasks)
    assert [(line["message"], line["operation"]) for line in written.lines] == [("a", "a"), ("b", "b")]


def test_exceptions_are_part_of_their_line() -> None:
    written = Written("json")
    try:
        int("broken")
    except ValueError:
        logger.exception("failed")
    (line,) = written.lines
    assert "ValueError: invalid literal" in line["exception"]
    assert "Traceback" in line["exception"]


def test_text_is_for_people() -> None:
    written = Written("text")
    with logs.about(WEB, account="CloudAccount/main"):
        logger.warning("refused", extra={"status": 422})
    logger.info("plain")
    first, second = written.text.splitlines()
    assert first[12:] == " WARNING CaasContainer demo/web: refused [account=CloudAccount/main status=422]"
    assert second[12:] == " INFO    plain"


def test_levels_and_chatty_libraries() -> None:
    written = Written("json", "info")
    logger.debug("no")
    for name in ("kopf.objects", "httpx", "httpcore", "aiohttp.access"):
        logging.getLogger(name).info("no")
        logging.getLogger(name).warning(name)
    assert [line["message"] for line in written.lines] == ["kopf.objects", "httpx", "httpcore", "aiohttp.access"]


def test_a_level_above_warning_holds_for_libraries_too() -> None:
    written = Written("json", "error")
    logging.getLogger("httpx").warning("no")
    assert written.text == ""


@pytest.mark.parametrize("form", ["json", "text"])
def test_credentials_are_hidden_wherever_they_are(form: Literal["json", "text"]) -> None:
    written = Written(form)
    logs.redaction.hide(Sealed('told "quoted" värlue'))
    logger.info("with Authorization: Bearer abcdefgh1", extra={"header": {"authorization": "APIKey abcdefgh2"}})
    logger.info("key sk-abcdefgh3, api_key=abcdefgh4 'x-api-key': 'abcdefgh5'")
    logger.info("%s", 'has told "quoted" värlue', extra={"deep": [{"x": 'told "quoted" värlue'}]})
    try:
        int("apikey abcdefgh6")
    except ValueError:
        logger.exception("failed", extra={"object_": Sealed("abcdefgh7")})
    for number in range(1, 8):
        assert f"abcdefgh{number}" not in written.text
    assert "rlue" not in written.text
    assert written.text.count(HIDDEN) >= 8


@pytest.mark.parametrize(
    "text",
    [
        "the apikey is wrong",
        "401 for authorization of CaasContainer demo/web",
        "task-sk-1 is running",
        "pullSecret: my-registry",
        "https://api.gcore.com/cloud/v3/inference/1/deployments",
        '{"externalId": "1/2/web"}',
    ],
)
def test_ordinary_words_stay_readable(text: str) -> None:
    assert Redaction()(text) == text


def test_short_values_are_not_hidden_and_old_ones_are_forgotten_at_last() -> None:
    redaction = Redaction()
    redaction.hide(Sealed("short"))
    assert redaction("short") == "short"
    for number in range(501):
        redaction.hide(Sealed(f"value-{number:05}"))
    assert redaction("value-00000 value-00001") == f"value-00000 {HIDDEN}"
