"""Environment variables: a Pod's `env` and `envFrom` to the map that the clouds take."""

from collections.abc import Collection, Iterator, Sequence

from caas_operator.core.model import Reference
from caas_operator.core.ports import Inputs, Wanted
from caas_operator.core.secret import Sealed
from caas_operator.kinds.fields.env import EnvFromSource, EnvVar, ValueSource
from caas_operator.kinds.wire.tree import Whole

SECRET = "Secret"  # noqa: S105 - the name of a Kubernetes kind
CONFIG_MAP = "ConfigMap"


def target(wanted: Wanted, gone: Collection[str]) -> Whole | None:
    """Every variable by name; later sources win over earlier ones, and `env` over all of them, as in a Pod.

    None where they are not managed; empty where both fields have left the spec (`gone`). What is optional and missing
    is left out.
    """
    spec, inputs = wanted.spec, wanted.inputs
    if spec.env is None and spec.env_from is None:
        return Whole() if "env" in gone or "envFrom" in gone else None
    resolved = Whole()
    for source in spec.env_from or ():
        resolved |= {f"{source.prefix or ''}{key}": sealed.reveal() for key, sealed in _all(source, inputs)}
    for variable in spec.env or ():
        value = variable.value
        if variable.value_from is not None:
            sealed = lookup(variable.value_from, inputs)
            value = sealed.reveal() if sealed is not None else None
        if value is not None:
            resolved[variable.name] = value
    return resolved


def lookup(source: ValueSource, inputs: Inputs) -> Sealed | None:
    """The value a source points at; None where it is optional and missing."""
    if source.secret_key_ref is not None:
        return inputs.get(SECRET, source.secret_key_ref.name, source.secret_key_ref.key)
    if source.config_map_key_ref is not None:
        return inputs.get(CONFIG_MAP, source.config_map_key_ref.name, source.config_map_key_ref.key)
    return None


def _all(source: EnvFromSource, inputs: Inputs) -> Iterator[tuple[str, Sealed]]:
    if source.secret_ref is not None:
        yield from inputs.all(SECRET, source.secret_ref.name).items()
    if source.config_map_ref is not None:
        yield from inputs.all(CONFIG_MAP, source.config_map_ref.name).items()


def env_references(env: Sequence[EnvVar] | None, env_from: Sequence[EnvFromSource] | None) -> Iterator[Reference]:
    for variable in env or ():
        if variable.value_from is not None:
            yield from source_references(variable.value_from, f"spec.env[{variable.name}].valueFrom")
    for index, source in enumerate(env_from or ()):
        at = f"spec.envFrom[{index}]"
        if (secret := source.secret_ref) is not None:
            yield Reference(SECRET, secret.name, None, f"{at}.secretRef", bool(secret.optional))
        if (config_map := source.config_map_ref) is not None:
            yield Reference(CONFIG_MAP, config_map.name, None, f"{at}.configMapRef", bool(config_map.optional))


def source_references(source: ValueSource, at: str) -> Iterator[Reference]:
    if (secret := source.secret_key_ref) is not None:
        yield Reference(SECRET, secret.name, secret.key, f"{at}.secretKeyRef", bool(secret.optional))
    if (config_map := source.config_map_key_ref) is not None:
        yield Reference(CONFIG_MAP, config_map.name, config_map.key, f"{at}.configMapKeyRef", bool(config_map.optional))


def secrets(inputs: Inputs) -> tuple[Sealed, ...]:
    """Every value from a Secret that a request may carry: the client masks them in what it says of an error."""
    return tuple(inputs.secrets())
