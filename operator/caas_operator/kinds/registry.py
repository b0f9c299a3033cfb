"""The kinds that live in a cloud. A new one is a folder, and a line here."""

from caas_operator.core.ports import Kind
from caas_operator.kinds.container.resource import KIND as CAAS_CONTAINER
from caas_operator.kinds.inference.resource import KIND as INFERENCE_DEPLOYMENT
from caas_operator.kinds.sandbox.resource import KIND as SANDBOX_CONTAINER

KINDS: tuple[Kind, ...] = (CAAS_CONTAINER, INFERENCE_DEPLOYMENT, SANDBOX_CONTAINER)
