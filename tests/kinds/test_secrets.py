"""What is read from a Secret goes into the body of a request and nowhere else."""

from collections.abc import Callable
from typing import Any

import pytest

from caas_operator.core.errors import InvalidSpec
from caas_operator.core.ports import Wanted
from caas_operator.kinds.container import mapping as container
from caas_operator.kinds.sandbox import mapping as sandbox
from caas_operator.kinds.wire import env
from tests.support import echo
from tests.support.wanted import CONTAINER, SANDBOX, a_wanted, an_external, inputs

SECRET = "hunter2"
LEAST = {"image": "nginx", "listeningPort": 80, "flavor": "80mCPU-128MiB", "scale": {"min": 1, "max": 1}}
TOKEN = {"env": [{"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]}
ALL = {"envFrom": [{"secretRef": {"name": "s"}}]}
DOMAIN_SECRET = {"domain": "a", "name": "n", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}
POLICY = {"networkPolicy": {"type": "allowlist", "allowedDomains": ["a"], "domainSecrets": [DOMAIN_SECRET]}}


def compared(wanted: Wanted) -> object:
    plain = echo.container(container.create_body(a_wanted(CONTAINER, LEAST)))
    return container.drift(wanted, an_external(CONTAINER, plain))


@pytest.mark.parametrize(
    ("act", "wanted", "field"),
    [
        (container.create_body, a_wanted(CONTAINER, LEAST | TOKEN, values={"Secret/s": {"k": SECRET * 50}}), "TOKEN"),
        (compared, a_wanted(CONTAINER, LEAST | TOKEN, values={"Secret/s": {"k": SECRET * 50}}), "TOKEN"),
        (container.create_body, a_wanted(CONTAINER, LEAST | ALL, values={"Secret/s": {"a-b": SECRET}}), "a-b"),
        (container.create_body, a_wanted(CONTAINER, LEAST | ALL, values={"Secret/s": {"a" * 256: SECRET}}), "aaaa"),
        (sandbox.create_body, a_wanted(SANDBOX, POLICY, values={"Secret/s": {"k": SECRET * 1_500_000}}), "[a,n]"),
    ],
)
def test_a_refused_value_is_named_and_not_shown(act: Callable[[Wanted], Any], wanted: Wanted, field: str) -> None:
    with pytest.raises(InvalidSpec) as refused:
        act(wanted)
    assert field in refused.value.field
    assert SECRET not in f"{refused.value}{refused.value!r}{refused.value.args}"


def test_what_is_wanted_does_not_print_its_secrets() -> None:
    assert SECRET not in repr(a_wanted(CONTAINER, LEAST | TOKEN, values={"Secret/s": {"k": SECRET}}))


def test_every_value_of_every_secret_is_handed_on_for_masking() -> None:
    read = inputs({"Secret/s": {"a": "one", "b": "two"}, "Secret/t": {"c": "three"}, "ConfigMap/s": {"d": "plain"}})
    assert {sealed.reveal() for sealed in env.secrets(read)} == {"one", "two", "three"}
