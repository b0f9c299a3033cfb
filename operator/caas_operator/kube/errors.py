"""What the API server can answer besides what was asked; `StaleObject` and `ObjectGone` are in `core.errors`."""


class ClusterError(Exception):
    """The API server did not do what it was asked. The text is its own message; it holds no Secret's values.

    `status` is the HTTP status, or None where there was no answer; `reason` is Kubernetes' own word
    (`Forbidden`).
    """

    def __init__(self, message: str, *, status: int | None = None, reason: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason


class ClusterRefused(ClusterError):
    """Refused: the same call will be refused again until somebody changes something (400, 403, 422 and other 4xx)."""


class ClusterUnavailable(ClusterError):
    """No answer, a 401, a 429 or a 5xx: time helps. A write may have been done all the same."""


class KubeconfigInvalid(Exception):
    """The kubeconfig or the pod's service account cannot be used; the text names the file or the context."""
