"""Properties of the mappings: what we send comes back as wanted, and one PATCH leads from any spec to any other."""

from typing import Any

from hypothesis import assume, given, settings

from caas_operator.core.errors import ImmutableField
from caas_operator.kinds.container import mapping as container
from caas_operator.kinds.inference import mapping as inference
from caas_operator.kinds.sandbox import mapping as sandbox
from caas_operator.kinds.wire.tree import pruned
from tests.support import echo
from tests.support.specs import CONTAINERS, DEPLOYMENTS, SANDBOXES, VALUES
from tests.support.wanted import CONTAINER, DEPLOYMENT, SANDBOX, a_wanted, an_external

Raw = dict[str, Any]

TOGETHER = settings(deadline=None)


@TOGETHER
@given(CONTAINERS)
def test_the_echo_of_a_new_container_has_no_drift(raw: Raw) -> None:
    wanted = a_wanted(CONTAINER, raw, values=VALUES)
    found = an_external(CONTAINER, echo.container(container.create_body(wanted)))
    assert container.drift(wanted, found) == ()
    again = a_wanted(CONTAINER, raw, values=VALUES, applied=container.applied(wanted.spec))
    assert container.drift(again, found) == ()


@TOGETHER
@given(DEPLOYMENTS)
def test_the_echo_of_a_new_deployment_has_no_drift_but_suspend(raw: Raw) -> None:
    wanted = a_wanted(DEPLOYMENT, raw, values=VALUES)
    found = an_external(DEPLOYMENT, echo.deployment(inference.create_body(wanted)))
    expected = ("suspend",) if raw.get("suspend") else ()
    assert inference.drift(wanted, found) == expected
    again = a_wanted(DEPLOYMENT, raw, values=VALUES, applied=inference.applied(wanted.spec))
    assert inference.drift(again, found) == expected


@TOGETHER
@given(SANDBOXES)
def test_the_echo_of_a_new_sandbox_has_no_drift(raw: Raw) -> None:
    wanted = a_wanted(SANDBOX, raw, values=VALUES)
    found = an_external(SANDBOX, echo.sandbox(sandbox.create_body(wanted)))
    assert sandbox.drift(wanted, found) == ()


@TOGETHER
@given(CONTAINERS, CONTAINERS)
def test_one_patch_leads_from_any_container_to_any_other(before: Raw, after: Raw) -> None:
    first = a_wanted(CONTAINER, before, values=VALUES)
    response = echo.container(container.create_body(first))
    wanted = a_wanted(CONTAINER, after, values=VALUES, applied=container.applied(first.spec))
    found = an_external(CONTAINER, response)
    try:
        drift = container.drift(wanted, found)
    except ImmutableField:
        assume(False)
    patch = container.update_body(wanted, found, drift)
    assert set(patch) == {container.FIELDS[name] for name in drift}
    settled = an_external(CONTAINER, echo.patched_container(response, patch))
    assert container.drift(wanted, settled) == ()
    if "triggers" in after["scale"]:
        fresh = echo.container(container.create_body(wanted))
        assert container._seen(settled.wire) == container._seen(fresh) | {"timeout": settled.wire["timeout"]}


@TOGETHER
@given(DEPLOYMENTS, DEPLOYMENTS)
def test_one_patch_leads_from_any_deployment_to_any_other_but_for_suspend(before: Raw, after: Raw) -> None:
    first = a_wanted(DEPLOYMENT, before, values=VALUES)
    response = echo.deployment(inference.create_body(first))
    wanted = a_wanted(DEPLOYMENT, after, values=VALUES, applied=inference.applied(first.spec))
    found = an_external(DEPLOYMENT, response)
    try:
        drift = inference.drift(wanted, found)
    except ImmutableField:
        assume(False)
    patch = inference.update_body(wanted, found, drift)
    settled = an_external(DEPLOYMENT, echo.patched_deployment(response, patch))
    assert inference.drift(wanted, settled) == (("suspend",) if after.get("suspend") else ())
    fresh = echo.deployment(inference.create_body(wanted))
    assert plain(inference._seen(settled.wire)) == plain(inference._seen(fresh))


def plain(seen: Raw) -> Raw:
    """Without what says how it came about: nulls, the order of regions, and what the cloud makes of it."""
    regions = sorted(seen["containers"], key=lambda container: int(container["region_id"]))
    return dict(pruned({**seen, "containers": regions, "auth_enabled": None}))
