import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from caas_operator.app import settings as module
from caas_operator.app.settings import ENV_PREFIX, Settings, SettingsInvalid, flag, load, parse_address, variable
from caas_operator.cli import run
from caas_operator.kube.errors import KubeconfigInvalid


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in Settings.model_fields:
        monkeypatch.delenv(variable(field), raising=False)


def test_the_defaults_serve_the_whole_cluster_and_the_vendors() -> None:
    settings = load([])
    assert settings.namespaces == ()
    assert settings.environment_account_namespaces == ()
    assert settings.allowed_endpoint_hosts == ("api.gcore.com", "api.openai.com")
    assert (settings.resync_seconds, settings.task_poll_seconds, settings.shutdown_seconds) == (60, 2, 25)
    assert (settings.health_address, settings.metrics_address) == ("127.0.0.1:8080", "")
    assert settings.clock_url is None


def test_a_flag_wins_over_its_variable_and_that_over_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAAS_OPERATOR_RESYNC_SECONDS", "90")
    monkeypatch.setenv("CAAS_OPERATOR_LOG_FORMAT", "text")
    settings = load(["--resync-seconds", "120"])
    assert (settings.resync_seconds, settings.log_format, settings.log_level) == (120, "text", "info")


def test_what_is_empty_is_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    """Charts write empty values for what their user left out."""
    monkeypatch.setenv("CAAS_OPERATOR_HEALTH_ADDRESS", "")
    monkeypatch.setenv("CAAS_OPERATOR_KUBECONFIG", "")
    settings = load(["--allowed-endpoint-hosts="])
    assert (settings.health_address, settings.kubeconfig) == ("127.0.0.1:8080", None)
    assert settings.allowed_endpoint_hosts == load([]).allowed_endpoint_hosts


def test_lists_are_written_with_commas_or_by_repeating(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAAS_OPERATOR_NAMESPACES", "a, b,")
    assert load([]).namespaces == ("a", "b")
    assert load(["--namespaces", "c,d", "--namespaces=e"]).namespaces == ("c", "d", "e")
    given = ["--allowed-endpoint-hosts", "API.Example.com,gateway.example:8443"]
    assert load(given).allowed_endpoint_hosts == ("api.example.com", "gateway.example:8443")


def test_every_field_can_be_set_by_flag_and_by_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways give the same, and not the default."""
    values = {
        "kubeconfig": "/k", "context": "x", "namespaces": "a,b", "cluster_id": "c", "operator_namespace": "o",
        "environment_account_namespaces": "e", "allowed_endpoint_hosts": "h.example", "resync_seconds": "61",
        "task_poll_seconds": "3", "workers_per_account": "4", "requests_per_second": "5.5", "burst": "6",
        "log_format": "text", "log_level": "debug", "health_address": "127.0.0.1:0", "metrics_address": ":0",
        "shutdown_seconds": "7", "clock_url": "http://127.0.0.1:1", "leader_elect": "true", "lease_name": "l",
        "lease_namespace": "n", "lease_duration_seconds": "20", "lease_renew_deadline_seconds": "9",
        "lease_retry_seconds": "1", "readiness_check_networks": "10.0.0.0/8,fd00::/8",
    }  # fmt: skip
    assert values.keys() == Settings.model_fields.keys()
    default = load([]).model_dump()
    for field, value in values.items():
        by_flag = load([flag(field), value]).model_dump()
        with monkeypatch.context() as patched:
            patched.setenv(variable(field), value)
            by_variable = load([]).model_dump()
        assert by_flag == by_variable, field
        assert {name for name in by_flag if by_flag[name] != default[name]} == {field}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("resync_seconds", "29"),
        ("resync_seconds", "s3cret"),
        ("task_poll_seconds", "0"),
        ("workers_per_account", "0"),
        ("requests_per_second", "0"),
        ("burst", "0.5"),
        ("shutdown_seconds", "-1"),
        ("log_level", "s3cret"),
        ("log_format", "s3cret"),
        ("namespaces", "a/s3cret"),
        ("environment_account_namespaces", "S3cret"),
        ("operator_namespace", "../s3cret"),
        ("allowed_endpoint_hosts", "https://s3cret.example"),
        ("allowed_endpoint_hosts", "h.example:s3cret"),
        ("readiness_check_networks", "s3cret"),
        ("readiness_check_networks", "10.0.0.1/8"),
        ("health_address", "8080"),
        ("health_address", "127.0.0.1:65536"),
        ("metrics_address", "s3cret host:1"),
        ("clock_url", "ftp://s3cret"),
        ("leader_elect", "s3cret"),
        ("lease_name", "S3cret"),
        ("lease_namespace", "../s3cret"),
        ("lease_duration_seconds", "1"),
        ("lease_duration_seconds", "15.5"),
        ("lease_renew_deadline_seconds", "14.5"),
        ("lease_renew_deadline_seconds", "0"),
        ("lease_retry_seconds", "5"),
        ("lease_retry_seconds", "0"),
    ],
)
def test_what_cannot_be_used_is_named_by_flag_and_variable_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, field: str, value: str
) -> None:
    monkeypatch.setenv(variable(field), value)
    with pytest.raises(SettingsInvalid) as caught:
        load([])
    assert str(caught.value).startswith(f"{flag(field)} ({variable(field)}): ")
    assert "s3cret" not in str(caught.value).lower()


def test_the_times_of_a_lease_fit_each_other() -> None:
    short = load(["--lease-duration-seconds=3", "--lease-renew-deadline-seconds=2", "--lease-retry-seconds=0.5"])
    assert (short.lease_duration_seconds, short.lease_renew_deadline_seconds, short.lease_retry_seconds) == (3, 2, 0.5)
    with pytest.raises(SettingsInvalid, match=r"--lease-renew-deadline-seconds .* less than --lease-duration-seconds"):
        load(["--lease-duration-seconds", "10"])
    with pytest.raises(SettingsInvalid, match=r"--lease-retry-seconds .* half of --lease-renew-deadline-seconds"):
        load(["--lease-renew-deadline-seconds", "4"])


def test_a_lease_decides_in_pods_and_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    assert not load([]).elects
    assert load(["--leader-elect"]).elects
    assert load(["--leader-elect=true"]).elects
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    assert load([]).elects
    assert load(["--kubeconfig", "/k"]).elects
    assert not load(["--leader-elect=false"]).elects
    monkeypatch.setenv("CAAS_OPERATOR_LEADER_ELECT", "false")
    assert not load([]).elects


def test_the_model_itself_repeats_no_value_either() -> None:
    with pytest.raises(ValidationError) as caught:
        Settings(log_level="s3cret")
    assert "s3cret" not in str(caught.value)


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(SettingsInvalid) as caught:
        load(["--burst", "0", "--health-address", "x"])
    assert len(str(caught.value).splitlines()) == 2


def test_an_unknown_or_shortened_flag_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    for argument in ("--nope", "--kubeconf=x"):
        with pytest.raises(SystemExit) as caught:
            load([argument])
        assert caught.value.code == 2
    assert "unrecognized arguments: --kubeconf" in capsys.readouterr().err


def test_help_tells_each_flag_with_variable_and_default_and_hides_what_is_for_tests(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    with pytest.raises(SystemExit) as caught:
        load(["--help"])
    assert caught.value.code == 0
    text = capsys.readouterr().out
    for field, info in Settings.model_fields.items():
        shown = field != "clock_url"
        assert (f"{flag(field)} " in text) is shown
        assert (f"[{variable(field)}]" in text) is shown
        assert info.description
    assert "Default: api.gcore.com,api.openai.com." in text
    assert "Path" not in text
    assert "tuple" not in text


def test_no_variable_is_one_that_kubernetes_sets_for_services() -> None:
    """A Service called caas-operator or caas-operator-NAME puts such variables into every pod of its namespace."""
    of_services = re.compile(r"CAAS_OPERATOR_(\w+_)?(SERVICE_HOST|SERVICE_PORT\w*|PORT(_\d+_\w+)?)")
    assert variable("x") == f"{ENV_PREFIX}X"
    assert [field for field in Settings.model_fields if of_services.fullmatch(variable(field))] == []


def test_the_namespace_of_the_pod_is_the_operators(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load([]).operator_namespace == "caas-operator"
    (tmp_path / "namespace").write_text("prod\n", encoding="ascii")
    monkeypatch.setattr(module, "_POD_NAMESPACE", tmp_path / "namespace")
    assert load([]).operator_namespace == "prod"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("0.0.0.0:8080", ("0.0.0.0", 8080)),  # noqa: S104 - nothing listens here
        (":0", ("127.0.0.1", 0)),
        ("[::1]:9", ("::1", 9)),
        ("localhost:65535", ("localhost", 65535)),
    ],
)
def test_addresses_are_host_and_port(text: str, address: tuple[str, int]) -> None:
    assert parse_address(text) == address


def test_an_address_can_be_switched_off() -> None:
    assert load(["--health-address", "off"]).health_address == ""
    assert load(["--health-address", "off", "--metrics-address", "off"]).metrics_address == ""


def test_the_command_tells_mistakes_and_ends_with_2(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run.main(["--burst", "0"]) == 2
    assert "--burst (CAAS_OPERATOR_BURST)" in capsys.readouterr().err


@pytest.fixture
def wiring(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A stand-in for the composition."""
    stand_in = SimpleNamespace()
    monkeypatch.setitem(sys.modules, "caas_operator.app.wiring", stand_in)
    monkeypatch.setattr("caas_operator.app.wiring", stand_in, raising=False)
    return stand_in


def test_the_command_hands_the_settings_to_the_wiring(wiring: SimpleNamespace) -> None:
    given: list[Settings] = []

    async def start(settings: Settings) -> int:
        given.append(settings)
        return 3

    wiring.run = start
    assert run.main(["--burst", "9"]) == 3
    assert given[0].burst == 9


def test_the_command_tells_why_the_cluster_cannot_be_used(
    wiring: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    async def start(_: Settings) -> int:
        raise KubeconfigInvalid("the kubeconfig names no context")

    wiring.run = start
    assert run.main([]) == 1
    assert capsys.readouterr().err == "caas-operator run: error: the kubeconfig names no context\n"
