"""From a dockerconfigjson Secret to the login that a cloud takes: which one is taken, and what is told of a bad one."""

import base64
import json
from typing import Any

import pytest

from caas_operator.core.attachment import Attachment
from caas_operator.core.errors import InvalidSpec
from caas_operator.core.model import documents
from caas_operator.core.ports import Inputs, Kind
from caas_operator.core.secret import Sealed
from caas_operator.kinds.wire import login
from tests.support.wanted import CONTAINER, DEPLOYMENT, MARKER, a_wanted

PASSWORD = "hunter2-the-password"
ENTRY = {"username": "robot", "password": PASSWORD}
SPECS: dict[str, dict[str, Any]] = {
    CONTAINER.name: {"listeningPort": 80, "flavor": "80mCPU-128MiB", "scale": {"min": 1, "max": 1}},
    DEPLOYMENT.name: {
        "listeningPort": 80,
        "flavor": "small",
        "regions": [{"regionId": 76, "scale": {"min": 1, "max": 1}}],
    },
}


def packed(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def asked(auths: Any, image: str = "registry.example.com/team/app:1", kind: Kind = CONTAINER, **spec: Any) -> Any:
    """What the kind makes of a Secret with these `auths` (a text: the whole document)."""
    document = auths if isinstance(auths, str) else json.dumps({"auths": auths})
    given = SPECS[kind.name] | {"image": image, "imagePullSecretRef": {"name": "registry"}} | spec
    return kind.attachment(a_wanted(kind, given, values={"Secret/registry": {login.KEY: document}}))


def test_the_login_is_named_after_the_object_and_seals_its_password() -> None:
    made: Attachment = asked({"registry.example.com": ENTRY})
    assert made.name == f"caas-operator-{MARKER}"
    assert made.shown == {"registry": "registry.example.com", "login": "robot"}
    assert made.hidden == Sealed(PASSWORD)
    assert {part.reveal() for part in made.parts} == {"robot", PASSWORD, packed(f"robot:{PASSWORD}")}
    assert PASSWORD not in repr(made)


def test_its_name_fits_what_both_clouds_take() -> None:
    """[SPEC]: a pull secret's pattern; registry credentials take a label of 4 or more."""
    made = asked({"registry.example.com": ENTRY})
    assert len(made.name) <= 26
    assert made.name.replace("-", "").isalnum()


@pytest.mark.parametrize(
    ("image", "host", "repository"),
    [
        ("nginx", "docker.io", "nginx"),
        ("nginx:1.27", "docker.io", "nginx"),
        ("team/app", "docker.io", "team/app"),
        ("docker.io/team/app:1", "docker.io", "team/app"),
        ("index.docker.io/team/app", "docker.io", "team/app"),
        ("registry.example.com/team/app:1.0", "registry.example.com", "team/app"),
        ("registry.example.com:5000/app@sha256:00ff", "registry.example.com:5000", "app"),
        ("registry.example.com/app:1@sha256:00ff", "registry.example.com", "app"),
        ("localhost/app", "localhost", "app"),
    ],
)
def test_an_images_registry_is_read_as_engines_read_it(image: str, host: str, repository: str) -> None:
    assert login.registry_of(image) == (host, repository)


@pytest.mark.parametrize(
    ("key", "image"),
    [
        ("https://index.docker.io/v1/", "team/app"),
        ("docker.io", "nginx"),
        ("registry.example.com", "registry.example.com/team/app"),
        ("https://registry.example.com", "registry.example.com/team/app"),
        ("https://registry.example.com/v2/", "registry.example.com/team/app"),
        ("registry.example.com/team", "registry.example.com/team/app:1"),
        ("registry.example.com/team/app", "registry.example.com/team/app@sha256:00ff"),
        ("registry.example.com:5000", "registry.example.com:5000/app"),
    ],
)
def test_a_login_fits_by_host_and_by_the_beginning_of_the_path(key: str, image: str) -> None:
    assert asked({key: ENTRY}, image).shown["login"] == "robot"


def test_of_several_that_fit_the_closest_is_taken_and_of_those_that_do_not_none() -> None:
    auths = {
        "registry.example.com": {"username": "all", "password": "p"},
        "registry.example.com/team": {"username": "team", "password": "p"},
        "registry.example.com/tea": {"username": "tea", "password": "p"},
        "other.example.com": {"username": "other", "password": "p"},
    }
    assert asked(auths).shown == {"registry": "registry.example.com", "login": "team"}


def test_user_and_password_may_be_packed_into_auth() -> None:
    made = asked({"registry.example.com": {"auth": packed(f"robot:with:{PASSWORD}")}})
    assert made.shown["login"] == "robot"
    assert made.hidden == Sealed(f"with:{PASSWORD}")


BAD: dict[str, tuple[Any, str]] = {
    "not JSON": ('{"auths": hunter2', "is not the JSON of a dockerconfigjson Secret"),
    "a list": ("[]", "is not the JSON of a dockerconfigjson Secret"),
    "the older form": ('{"registry.example.com": {}}', "is not the JSON of a dockerconfigjson Secret"),
    "no registry": ({}, "has no registry under auths"),
    "only other registries": ({"hunter2.example.com": ENTRY}, "has no login for registry.example.com, the registry of"),
    "another path": ({"registry.example.com/other": ENTRY}, "has no login for registry.example.com"),
    "a beginning of a word": ({"registry.example.com/tea": ENTRY}, "has no login for registry.example.com"),
    "two for one": (
        {"registry.example.com": ENTRY, "https://registry.example.com": ENTRY | {"username": "other"}},
        "has several logins for registry.example.com",
    ),
    "no password": ({"registry.example.com": {"username": "robot"}}, "has no user name and password"),
    "a token": ({"registry.example.com": {"identitytoken": PASSWORD}}, "has no user name and password"),
    "auth that is none": ({"registry.example.com": {"auth": "%%hunter2"}}, "has no user name and password"),
    "a long user": ({"registry.example.com": ENTRY | {"username": "hunter2" * 20}}, "longer than the 100 characters"),
    "a long password": ({"registry.example.com": ENTRY | {"password": "hunter2" * 999}}, "longer than the 5000 char"),
}


@pytest.mark.parametrize("bad", BAD)
def test_a_secret_that_gives_none_is_told_of_without_its_values(bad: str) -> None:
    auths, rule = BAD[bad]
    with pytest.raises(InvalidSpec) as refused:
        asked(auths)
    assert refused.value.field == "spec.imagePullSecretRef"
    assert rule in refused.value.rule
    assert refused.value.rule.startswith("Secret registry")
    assert "hunter2" not in f"{refused.value}{refused.value!r}{refused.value.args}"
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


@pytest.mark.parametrize("kind", [CONTAINER, DEPLOYMENT], ids=lambda kind: kind.name)
def test_a_secret_of_another_type_is_told_what_it_should_be(kind: Kind) -> None:
    spec = SPECS[kind.name] | {"image": "team/app", "imagePullSecretRef": {"name": "registry"}}
    rule = "Secret registry has no key .dockerconfigjson: it must be of type kubernetes.io/dockerconfigjson"
    for values in ({"password": PASSWORD}, {".dockercfg": "{}"}):
        with pytest.raises(InvalidSpec, match=rule):
            kind.attachment(a_wanted(kind, spec, values={"Secret/registry": values}))


def test_a_document_that_is_no_text_is_none() -> None:
    wanted = a_wanted(CONTAINER, SPECS[CONTAINER.name] | {"image": "a", "imagePullSecretRef": {"name": "registry"}})
    binary = Inputs(
        {("Secret", "registry"): {login.KEY: Sealed("AAA=")}}, frozenset({("Secret", "registry", login.KEY)})
    )
    with pytest.raises(InvalidSpec):
        login.attachment(type(wanted)(wanted.spec, wanted.place, MARKER, binary), login.Limits())


def test_a_cloud_without_known_limits_takes_any_length() -> None:
    long = ENTRY | {"username": "u" * 101}
    assert asked({"registry.example.com": long}, kind=DEPLOYMENT).shown["login"] == "u" * 101


def test_without_the_field_nothing_is_asked_for() -> None:
    assert CONTAINER.attachment(a_wanted(CONTAINER, SPECS[CONTAINER.name] | {"image": "a"})) is None


@pytest.mark.parametrize("kind", [CONTAINER, DEPLOYMENT], ids=lambda kind: kind.name)
def test_the_document_is_masked_as_a_whole_only_where_it_leaves_as_a_whole(kind: Kind) -> None:
    """Its words are no secret: else `password` and the registry's name would be masked in every message."""
    spec = SPECS[kind.name] | {"image": "a", "imagePullSecretRef": {"name": "registry"}}
    env = [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "registry", "key": login.KEY}}}]
    apart = {("Secret", "registry", login.KEY)}
    assert documents(kind.references(kind.parse(spec))) == apart
    assert documents(kind.references(kind.parse(spec | {"env": env}))) == set()
    assert documents(kind.references(kind.parse(spec | {"envFrom": [{"secretRef": {"name": "registry"}}]}))) == set()
    assert documents(kind.references(kind.parse(spec | {"envFrom": [{"secretRef": {"name": "other"}}]}))) == apart
