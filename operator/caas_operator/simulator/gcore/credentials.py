"""Small synchronous resources: pull secrets, registry credentials, API keys, inference secrets."""

from typing import Annotated, Any

from pydantic import Field

from caas_operator.simulator.gcore.errors import conflict, read_body
from caas_operator.simulator.gcore.named import created, listed, named
from caas_operator.simulator.gcore.schemas import Moment, Schema
from caas_operator.simulator.gcore.scopes import place_of, project_of
from caas_operator.simulator.wire import NO_CONTENT, Call, Reply, reply_json

JSON = dict[str, Any]

DOTTED = r"\A[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\Z"


class PullSecretCreate(Schema):
    name: str = Field(pattern=r"\A[a-z][-a-z0-9]{0,24}[a-z0-9]\Z")
    registry: str = Field(min_length=1, max_length=400)
    login: str = Field(min_length=1, max_length=100)
    password: str = Field(min_length=1, max_length=5000)


class PullSecretUpdate(Schema):
    registry: Annotated[str, Field(min_length=1, max_length=400)] | None = None
    login: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    password: Annotated[str, Field(min_length=1, max_length=5000)] | None = None


class RegistryPut(Schema):
    username: str
    password: str
    registry_url: str


class RegistryCreate(RegistryPut):
    name: str = Field(min_length=4, pattern=DOTTED)


class KeyCreate(Schema):
    name: str = Field(min_length=4, max_length=63, pattern=DOTTED)
    description: Annotated[str, Field(max_length=300)] | None = None
    expires_at: Moment | None = None


class KeyUpdate(Schema):
    description: Annotated[str, Field(max_length=300)] | None = None


class AwsData(Schema):
    aws_access_key_id: str
    aws_secret_access_key: str


class SecretPut(Schema):
    type: str = Field(pattern=r"\Aaws-iam\Z")
    data: AwsData


class SecretCreate(SecretPut):
    name: str = Field(min_length=4, pattern=DOTTED)


def pull_secrets(call: Call) -> dict[str, JSON]:
    return call.world.gcore.pull_secrets.setdefault(place_of(call), {})


def registry_credentials(call: Call) -> dict[str, JSON]:
    return call.world.gcore.registry_credentials.setdefault(project_of(call), {})


def api_keys(call: Call) -> dict[str, JSON]:
    return call.world.gcore.api_keys.setdefault(project_of(call), {})


def inference_secrets(call: Call) -> dict[str, JSON]:
    return call.world.gcore.inference_secrets.setdefault(project_of(call), {})


def _refuse_in_use(call: Call, what: str, users: list[str]) -> None:
    if users and call.world.switches.word("in_use_delete") == "conflict":
        raise conflict(f"{what} is used by {', '.join(sorted(users))}")


# --- pull secrets: the password is write-only ---


def _pull_secret(item: JSON) -> JSON:
    return {name: item[name] for name in ("name", "registry", "login", "updated_at")}


def list_pull_secrets(call: Call) -> Reply:
    return listed(call, map(_pull_secret, pull_secrets(call).values()))


def create_pull_secret(call: Call) -> Reply:
    known = pull_secrets(call)
    item = read_body(call, PullSecretCreate).model_dump()
    item["updated_at"] = call.world.stamp(call.world.now())
    return reply_json(_pull_secret(created(known, item, "Secret")))


def get_pull_secret(call: Call) -> Reply:
    return reply_json(_pull_secret(named(call, pull_secrets(call), "secret")))


def update_pull_secret(call: Call) -> Reply:
    item = named(call, pull_secrets(call), "secret")
    item |= read_body(call, PullSecretUpdate).model_dump(exclude_none=True)
    item["updated_at"] = call.world.stamp(call.world.now())
    return reply_json(_pull_secret(item))


def delete_pull_secret(call: Call) -> Reply:
    known = pull_secrets(call)
    name = named(call, known, "secret")["name"]
    containers = call.world.gcore.containers.get(place_of(call), {})
    users = [item.name for item in containers.values() if item.spec["pull_secret"] == name]
    _refuse_in_use(call, f"Secret {name}", users)
    del known[name]
    return NO_CONTENT


# --- registry credentials: the password never comes back ---


def _registry(item: JSON) -> JSON:
    return {name: item[name] for name in ("name", "project_id", "registry_url", "username")}


def list_registries(call: Call) -> Reply:
    return listed(call, map(_registry, registry_credentials(call).values()))


def create_registry(call: Call) -> Reply:
    known = registry_credentials(call)
    item = read_body(call, RegistryCreate).model_dump() | {"project_id": project_of(call)}
    return reply_json(_registry(created(known, item, "Registry credential")))


def get_registry(call: Call) -> Reply:
    return reply_json(_registry(named(call, registry_credentials(call), "registry credential")))


def replace_registry(call: Call) -> Reply:
    item = named(call, registry_credentials(call), "registry credential")
    item |= read_body(call, RegistryPut).model_dump()
    return reply_json(_registry(item))


def delete_registry(call: Call) -> Reply:
    known = registry_credentials(call)
    name = named(call, known, "registry credential")["name"]
    deployments = call.world.gcore.deployments.get(project_of(call), {})
    users = [item.name for item in deployments.values() if item.spec["credentials_name"] == name]
    _refuse_in_use(call, f"Registry credential {name}", users)
    del known[name]
    return NO_CONTENT


# --- API keys: the secret is in the create reply only ---


def _key(call: Call, item: JSON) -> JSON:
    deployments = call.world.gcore.deployments.get(project_of(call), {})
    attached = [d.name for d in deployments.values() if item["name"] in (d.spec["api_keys"] or ())]
    shown = {name: item[name] for name in ("name", "description", "created_at", "expires_at")}
    return shown | {"deployment_names": attached}


def list_keys(call: Call) -> Reply:
    return listed(call, [_key(call, item) for item in api_keys(call).values()], default=100)


def create_key(call: Call) -> Reply:
    known = api_keys(call)
    item = read_body(call, KeyCreate).model_dump()
    item["created_at"] = call.world.stamp(call.world.now())
    item = created(known, item, "API key")
    return reply_json(_key(call, item) | {"secret": f"simulated-{call.world.hex(32)}"})


def get_key(call: Call) -> Reply:
    return reply_json(_key(call, named(call, api_keys(call), "API key")))


def update_key(call: Call) -> Reply:
    item = named(call, api_keys(call), "API key")
    item["description"] = read_body(call, KeyUpdate).description
    return reply_json(_key(call, item))


def delete_key(call: Call) -> Reply:
    """A ConflictError while attached is documented, so no switch turns it off."""
    known = api_keys(call)
    item = named(call, known, "API key")
    if users := _key(call, item)["deployment_names"]:
        raise conflict(f"API key {item['name']} is attached to {', '.join(users)}")
    del known[item["name"]]
    return NO_CONTENT


# --- inference secrets: the reply includes the data [PY] ---


def list_secrets(call: Call) -> Reply:
    return listed(call, inference_secrets(call).values())


def create_secret(call: Call) -> Reply:
    known = inference_secrets(call)
    return reply_json(created(known, read_body(call, SecretCreate).model_dump(), "Secret"))


def get_secret(call: Call) -> Reply:
    return reply_json(named(call, inference_secrets(call), "secret"))


def replace_secret(call: Call) -> Reply:
    item = named(call, inference_secrets(call), "secret")
    item |= read_body(call, SecretPut).model_dump()
    return reply_json(item)


def delete_secret(call: Call) -> Reply:
    known = inference_secrets(call)
    name = named(call, known, "secret")["name"]
    users = [
        deployment.name
        for deployment in call.world.gcore.deployments.get(project_of(call), {}).values()
        for part in deployment.spec["containers"]
        if ((part["scale"].get("triggers") or {}).get("sqs") or {}).get("secret_name") == name
    ]
    _refuse_in_use(call, f"Secret {name}", users)
    del known[name]
    return NO_CONTENT
