"""What an account object says, in one shape for the three clouds and for both kinds of account."""

import base64
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from caas_operator.app.accounts.choosing import ENVIRONMENT
from caas_operator.cloud.endpoint import Endpoint, allowed_endpoint
from caas_operator.cloud.vendor import Vendor
from caas_operator.core.errors import InvalidSpec
from caas_operator.core.model import AccountRef, Resource
from caas_operator.core.ports import Defaults
from caas_operator.core.secret import Sealed
from caas_operator.kinds.account.cluster import ClusterCloudAccountSpec
from caas_operator.kinds.account.spec import CloudAccountSpec, GatewayAccount, GcoreAccount, OpenAIAccount
from caas_operator.kinds.wire.parsing import parse_spec


@dataclass(frozen=True, slots=True)
class SecretAt:
    """A Secret that an account reads; `key` empty means all of it."""

    namespace: str
    name: str
    key: str
    field: str


@dataclass(frozen=True)
class Terms:
    """An account as the operator uses it. `namespace` None: `allows` says who may use it.

    `by_labels`: for that it needs to know the labels of the namespace.
    """

    ref: AccountRef
    namespace: str | None
    endpoint: Endpoint
    defaults: Defaults
    key_ref: SecretAt | None = None
    headers_ref: SecretAt | None = None
    default: bool = False
    allows: Callable[[str], bool] = lambda _namespace: False
    by_labels: bool = False
    requests_per_second: float | None = None
    burst: int | None = None
    resync_seconds: float | None = None
    generation: int = 0

    @property
    def provider(self) -> str:
        return str(self.endpoint.vendor)

    @property
    def group(self) -> str:
        """The account's name in metrics, logs and the queue; unique over namespaces."""
        return group_of(self.ref, self.namespace)


LabelsOf = Callable[[str], Mapping[str, str] | None]
"""The labels of a namespace; None where they are not known."""


def group_of(ref: AccountRef, namespace: str | None) -> str:
    return f"{namespace}/{ref}" if namespace else str(ref)


def terms_of(obj: Resource, labels_of: LabelsOf, allowed_hosts: Collection[str]) -> Terms:
    """Raises InvalidSpec naming the field."""
    cluster = obj.kind == "ClusterCloudAccount"
    spec: CloudAccountSpec = parse_spec(ClusterCloudAccountSpec if cluster else CloudAccountSpec, obj.spec)
    vendor, part = _cloud(spec)
    bundle = base64.b64decode(spec.ca_bundle).decode("ascii", "replace") if spec.ca_bundle else ""
    organization = (part.organization or "", part.project or "") if isinstance(part, OpenAIAccount) else ("", "")
    endpoint = Endpoint(vendor, part.endpoint or "", *organization, ca_bundle=bundle)
    if not cluster and (reason := allowed_endpoint(endpoint.base, allowed_hosts)):
        raise InvalidSpec(f"spec.{vendor}.endpoint", reason)
    key_ref, headers_ref = _secrets(vendor, part, obj.namespace)
    return Terms(
        ref=AccountRef(obj.kind, obj.name),
        namespace=obj.namespace,
        endpoint=endpoint,
        defaults=_defaults(part, spec),
        key_ref=key_ref,
        headers_ref=headers_ref,
        default=bool(spec.default),
        allows=_allowing(spec, obj.namespace, labels_of),
        by_labels=cluster and _selects(spec),
        requests_per_second=spec.rate_limit.requests_per_second if spec.rate_limit else None,
        burst=spec.rate_limit.burst if spec.rate_limit else None,
        resync_seconds=spec.resync_seconds,
        generation=obj.generation,
    )


def environment_terms(environ: Mapping[str, str]) -> Iterator[tuple[Terms, Sealed]]:
    """The accounts that the environment describes, by the names that the vendors' own SDKs read [PY, SDK]."""
    for vendor, prefix in ((Vendor.GCORE, "GCORE"), (Vendor.OPENAI, "OPENAI")):
        key = environ.get(f"{prefix}_API_KEY")
        if not key:
            continue
        endpoint = Endpoint(
            vendor,
            environ.get(f"{prefix}_BASE_URL", ""),
            environ.get("OPENAI_ORG_ID", "") if vendor is Vendor.OPENAI else "",
            environ.get("OPENAI_PROJECT_ID", "") if vendor is Vendor.OPENAI else "",
        )
        defaults = Defaults(
            project_id=_number(environ, "GCORE_CLOUD_PROJECT_ID"),
            region_id=_number(environ, "GCORE_CLOUD_REGION_ID"),
        )
        yield Terms(AccountRef(ENVIRONMENT, str(vendor)), None, endpoint, defaults, default=True), Sealed(key)


def _number(environ: Mapping[str, str], name: str) -> int | None:
    text = environ.get(name, "")
    if not text:
        return None
    if not text.isdecimal():
        raise InvalidSpec(name, "must be a number")
    return int(text)


def _cloud(spec: CloudAccountSpec) -> tuple[Vendor, GcoreAccount | OpenAIAccount | GatewayAccount]:
    for vendor, part in ((Vendor.GCORE, spec.gcore), (Vendor.OPENAI, spec.openai), (Vendor.GATEWAY, spec.gateway)):
        if part is not None:
            return vendor, part
    raise InvalidSpec("spec", "exactly one of gcore, openai and gateway is required")


def _defaults(part: Any, spec: CloudAccountSpec) -> Defaults:
    if not isinstance(part, GcoreAccount):
        return Defaults(name_template=spec.name_template)
    return Defaults(
        project_id=part.project_id,
        project_name=part.project_name,
        region_id=part.region_id,
        region_name=part.region_name,
        name_template=spec.name_template,
    )


def _secrets(vendor: Vendor, part: Any, namespace: str | None) -> tuple[SecretAt | None, SecretAt | None]:
    name = "virtualKeySecretRef" if isinstance(part, GatewayAccount) else "apiKeySecretRef"
    raw = part.virtual_key_secret_ref if isinstance(part, GatewayAccount) else part.api_key_secret_ref
    headers = part.headers_secret_ref if isinstance(part, GatewayAccount) else None

    def at(ref: Any, field: str, key: str) -> SecretAt:
        return SecretAt(namespace or ref.namespace, ref.name, key, f"spec.{vendor}.{field}")

    return (
        at(raw, name, raw.key) if raw is not None else None,
        at(headers, "headersSecretRef", "") if headers is not None else None,
    )


def _selects(spec: CloudAccountSpec) -> bool:
    allowed = spec.allowed_namespaces if isinstance(spec, ClusterCloudAccountSpec) else None
    return allowed is not None and allowed.selector is not None


def _allowing(spec: CloudAccountSpec, namespace: str | None, labels_of: LabelsOf) -> Callable[[str], bool]:
    if not isinstance(spec, ClusterCloudAccountSpec):
        return lambda asked: asked == namespace
    allowed = spec.allowed_namespaces
    if allowed is None:
        return lambda _: False
    by_name = allowed.model_copy(update={"selector": None})

    def allows(asked: str) -> bool:
        labels = labels_of(asked) if allowed.selector is not None else None
        # Labels that are not known are not the same as none: `NotIn` and `DoesNotExist` would hold.
        return by_name.allows(asked, {}) if labels is None else allowed.allows(asked, labels)

    return allows
