"""Which account an object uses."""

from dataclasses import dataclass

import pytest

from caas_operator.app.accounts.choosing import Rules, choose
from caas_operator.core.model import AccountRef
from caas_operator.core.outcome import Outcome, Reason, State
from tests.core.build import resource


@dataclass(frozen=True)
class Account:
    ref: AccountRef
    namespace: str | None = None
    provider: str = "gcore"
    default: bool = False
    allowed: frozenset[str] = frozenset()

    def allows(self, namespace: str) -> bool:
        return namespace == self.namespace or namespace in self.allowed


def own(name: str, namespace: str = "team", **more: object) -> Account:
    return Account(AccountRef("CloudAccount", name), namespace, **more)  # type: ignore[arg-type]


def shared(name: str, *allowed: str, **more: object) -> Account:
    return Account(AccountRef("ClusterCloudAccount", name), None, allowed=frozenset(allowed), **more)  # type: ignore[arg-type]


ENVIRONMENT = Account(AccountRef("Environment", "gcore"), default=True)
NO_RULES = Rules()
GCORE = frozenset({"gcore"})


def chosen(
    *accounts: Account,
    asked: tuple[str, str] | None = None,
    bound: AccountRef | None = None,
    rules: Rules = NO_RULES,
    providers: frozenset[str] = GCORE,
) -> str:
    spec = {"accountRef": {"kind": asked[0], "name": asked[1]}} if asked else {}
    found = choose(resource(spec=spec), providers, bound, accounts, rules)
    return f"{found.state}: {found.message}" if isinstance(found, Outcome) else str(found.ref)


def test_the_default_of_the_namespace_is_before_that_of_the_cluster_and_that_before_the_environment() -> None:
    rules = Rules(frozenset({"team"}))
    mine, cluster = own("mine", default=True), shared("platform", "team", default=True)
    assert chosen(ENVIRONMENT, cluster, mine, rules=rules) == "CloudAccount/mine"
    assert chosen(ENVIRONMENT, cluster, rules=rules) == "ClusterCloudAccount/platform"
    assert chosen(ENVIRONMENT, rules=rules) == "Environment/gcore"


def test_the_environment_is_for_listed_namespaces_only() -> None:
    assert "no account" in chosen(ENVIRONMENT)
    assert "no account" in chosen(ENVIRONMENT, rules=Rules(frozenset({"others"})))


def test_what_is_no_default_is_not_taken_unasked() -> None:
    assert "no account" in chosen(own("mine"), shared("platform", "team"))


def test_the_default_of_another_namespace_is_not_taken() -> None:
    assert "no account" in chosen(own("theirs", "others", default=True))


def test_a_default_of_the_cluster_must_allow_the_namespace() -> None:
    assert "no account" in chosen(shared("platform", "others", default=True))


def test_a_default_of_another_cloud_is_not_taken() -> None:
    assert "no account" in chosen(own("mine", default=True, provider="openai"))


def test_two_defaults_are_an_error_that_names_both() -> None:
    told = chosen(own("one", default=True), own("two", default=True))
    assert told.startswith("retrying")
    assert "CloudAccount/one and CloudAccount/two" in told


def test_two_defaults_further_away_do_no_harm() -> None:
    accounts = (shared("a", "team", default=True), shared("b", "team", default=True), own("mine", default=True))
    assert chosen(*accounts) == "CloudAccount/mine"


def test_what_is_asked_for_is_taken_default_or_not() -> None:
    accounts = (own("mine", default=True), own("other"), shared("platform", "team"))
    assert chosen(*accounts, asked=("CloudAccount", "other")) == "CloudAccount/other"
    assert chosen(*accounts, asked=("ClusterCloudAccount", "platform")) == "ClusterCloudAccount/platform"


def test_an_account_of_another_namespace_cannot_be_asked_for() -> None:
    assert "does not exist" in chosen(own("theirs", "others"), asked=("CloudAccount", "theirs"))


def test_one_name_in_two_namespaces_is_the_own_one() -> None:
    found = choose(
        resource(spec={"accountRef": {"kind": "CloudAccount", "name": "x"}}),
        GCORE,
        None,
        [own("x", "others"), own("x", "team")],
        Rules(),
    )
    assert not isinstance(found, Outcome)
    assert found.namespace == "team"


def test_a_tenant_learns_no_more_of_a_forbidden_account_than_of_none() -> None:
    asked = ("ClusterCloudAccount", "secret")
    assert chosen(shared("secret", "others"), asked=asked) == chosen(asked=asked)
    assert chosen(shared("secret", "others", provider="openai"), asked=asked) == chosen(asked=asked)


def test_an_account_of_another_cloud_is_a_wrong_spec() -> None:
    found = choose(
        resource(spec={"accountRef": {"kind": "CloudAccount", "name": "x"}}),
        GCORE,
        None,
        [own("x", provider="openai")],
        Rules(),
    )
    assert isinstance(found, Outcome)
    assert (found.state, found.reason) == (State.REFUSED, Reason.INVALID_SPEC)


def test_a_missing_account_is_waited_for() -> None:
    found = choose(resource(), GCORE, None, [], Rules())
    assert isinstance(found, Outcome)
    assert (found.state, found.reason) == (State.RETRYING, Reason.DEPENDENCY_NOT_READY)


def test_a_bound_object_stays_whatever_spec_and_defaults_say() -> None:
    accounts = (own("new", default=True), own("old"))
    bound = AccountRef("CloudAccount", "old")
    assert chosen(*accounts, bound=bound) == "CloudAccount/old"
    assert chosen(*accounts, bound=bound, asked=("CloudAccount", "new")) == "CloudAccount/old"


@pytest.mark.parametrize(
    ("bound", "accounts"),
    [
        (AccountRef("ClusterCloudAccount", "platform"), [shared("platform", "others")]),
        (AccountRef("CloudAccount", "theirs"), [own("theirs", "others")]),
        (AccountRef("Environment", "gcore"), [ENVIRONMENT]),
    ],
)
def test_what_an_object_is_bound_to_is_authorised_again(bound: AccountRef, accounts: list[Account]) -> None:
    """Whoever writes the intent annotation gains nothing by it."""
    assert "does not exist or does not allow" in chosen(*accounts, bound=bound)


@pytest.mark.parametrize("raw", [None, {}, {"kind": "CloudAccount"}, "text", [], {"name": ""}])
def test_a_reference_without_a_name_is_none(raw: object) -> None:
    found = choose(resource(spec={"accountRef": raw}), GCORE, None, [own("mine", default=True)], Rules())
    assert not isinstance(found, Outcome)


def test_a_kind_of_two_clouds_takes_the_default_of_either() -> None:
    either = frozenset({"openai", "gateway"})
    assert chosen(own("g", default=True, provider="gateway"), providers=either) == "CloudAccount/g"
    assert "two defaults" in chosen(
        own("g", default=True, provider="gateway"), own("o", default=True, provider="openai"), providers=either
    )
