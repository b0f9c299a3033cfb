"""What can go wrong, sorted by what to do next.

    CloudError
    ├── Rejected          the request is wrong: only an edit helps            400, 422, other 4xx
    ├── Unauthenticated   the credential is not taken: the account's matter   401
    ├── Forbidden         not allowed: slow retry                             403
    ├── NotFound          nothing there, or a wrong project                   404
    ├── Conflict          exists already, or is busy                          409
    ├── Throttled         too fast: wait `retry_after`                        429
    ├── QuotaExceeded     no quota, money or capacity left: slow retry        by class, code or text
    ├── Unavailable       no answer, a broken one, or a 5xx                   5xx, timeouts
    └── Held              our own gate did not let the call out: nothing was sent

The transport raises these and nothing else raises them; the table that turns one into conditions is in `problems.py`.
"""


class CloudError(Exception):
    """A call to a cloud did not succeed.

    `message` holds only the vendor's own error text, scrubbed of the secrets that the request carried, or ours.
    `ambiguous` says that the cloud may have done it all the same: a POST must not be repeated before a look.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str = "",
        request_id: str = "",
        retry_after: float | None = None,
        ambiguous: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.request_id = request_id
        self.retry_after = retry_after
        self.ambiguous = ambiguous


class Rejected(CloudError):
    """The cloud refuses the request itself; the same request will be refused again."""


class Unauthenticated(CloudError):
    """The credential is missing, wrong or expired."""


class Forbidden(CloudError):
    """The credential may not do this; Gcore answers 403 for a region without capacity too, see QuotaExceeded."""


class NotFound(CloudError):
    """There is no such thing in this scope, or no such scope."""


class Conflict(CloudError):
    """The name is taken or the resource is busy."""


class Throttled(CloudError):
    """Too many requests; the whole account waits `retry_after` seconds where the cloud says so."""


class QuotaExceeded(CloudError):
    """A quota, a budget, a plan or a region's capacity is used up; time or a person at the vendor's desk helps."""


class Unavailable(CloudError):
    """The cloud did not answer, answered with a 5xx or with something that is no answer."""


class Held(CloudError):
    """Nothing was sent: the account is frozen for `retry_after` seconds, or (None) its credential is not taken."""


class InvalidSpec(Exception):
    """A spec that the cloud or we cannot serve.

    `field` is a path in the object (`spec.scale.min`), `rule` what it breaks.
    """

    def __init__(self, field: str, rule: str) -> None:
        super().__init__(f"{field}: {rule}")
        self.field = field
        self.rule = rule


class ImmutableField(InvalidSpec):
    """A field that cannot be changed (or cleared) in the cloud once the resource exists."""


class StaleObject(Exception):
    """The object changed since we read it (a 409 of the API server): look again."""


class ObjectGone(Exception):
    """The object no longer exists in the cluster (a 404 of the API server)."""


class NotLeading(Exception):
    """Only the leader may speak to the clouds, and this process is not it: the pass ends and says nothing at all."""
