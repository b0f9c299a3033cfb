"""What each tool is to say of each state; docs/conditions.md shows the same table."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Verdict:
    """`kubectl` is the condition of which `kubectl wait` says that it is met: Ready, Stalled, Complete or none."""

    argocd: str
    flux: str
    kubectl: str = "-"

    @property
    def helm(self) -> str:
        """What `helm upgrade --wait` does; its rules are Flux's own."""
        return {"inProgress": "waits", "current": "succeeds", "failed": "fails"}[self.flux]


WAIT = Verdict("Progressing", "inProgress")
DONE = Verdict("Healthy", "current", "Ready")
WRONG = Verdict("Degraded", "failed", "Stalled")

VERDICTS = {
    "unvisited": WAIT,
    "creating": WAIT,
    "serving": DONE,
    "suspended": DONE,  # Git asked for it, and later waves go on
    "updating": WAIT,
    "retrying-new": WAIT,
    "retrying-served": WAIT,
    "failed": WAIT,
    "failed-long": WRONG,
    "refused": WRONG,
    "refused-edited": WAIT,  # the old verdict says nothing about the cure
    "edit-refused": WRONG,
    "conflict": WRONG,
    "immutable": WRONG,
    "drift": DONE,
    "paused-new": Verdict("Suspended", "inProgress"),
    "paused-serving": Verdict("Suspended", "current", "Ready"),
    "paused-edited": Verdict("Suspended", "inProgress"),
    "expired": Verdict("Healthy", "current", "Complete"),  # as a Job that is complete
    "expired-recreate": WAIT,
    "deleting": WAIT,
    "delete-blocked": WAIT,
}


def table() -> list[str]:
    """As Markdown."""
    rows = [
        f"| `{state}` | {each.kubectl} | {each.helm} | {each.argocd} | {each.flux} |"
        for state, each in VERDICTS.items()
    ]
    return ["| state | `kubectl wait` | `helm --wait` | Argo CD | Flux |", "|---|---|---|---|---|", *rows]
