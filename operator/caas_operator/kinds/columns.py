"""The columns of `kubectl get` that the kinds share."""

from caas_operator.core.definition import Column

_READY = '.status.conditions[?(@.type=="Ready")]'

READY = Column("READY", f"{_READY}.status", "Whether it serves.")
REASON = Column("REASON", f"{_READY}.reason", "Why, in one word.")
EXTERNAL_ID = Column("EXTERNAL-ID", ".status.externalId", "Identity in the cloud.")
ENDPOINT = Column("ENDPOINT", ".status.endpoint", "Where it is reached.")
REPLICAS = Column("REPLICAS", ".status.observed.readyReplicas", "Replicas that serve.", type="integer", wide=True)
EXPIRES = Column("EXPIRES", ".status.observed.expiresAt", "When it expires if nobody uses it.", wide=True)
COMPLETE = Column(
    "COMPLETE", '.status.conditions[?(@.type=="Complete")].reason', "Why its life is over, if it is.", wide=True
)
ACCOUNT = Column("ACCOUNT", ".status.account.name", "Account it lives in.", wide=True)
MESSAGE = Column("MESSAGE", f"{_READY}.message", "Why, in a sentence.", wide=True)
PROVIDER = Column("PROVIDER", ".status.provider", "Cloud of the account.")
DEFAULT = Column("DEFAULT", ".spec.default", "Whether it is used where no account is named.", type="boolean")
AGE = Column("AGE", ".metadata.creationTimestamp", "Since when the object exists.", type="date")

OF_RESOURCES = (READY, REASON, EXTERNAL_ID, ENDPOINT, AGE)
OF_ACCOUNTS = (READY, REASON, PROVIDER, DEFAULT, AGE, MESSAGE)
