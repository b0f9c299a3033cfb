"""What each tool is to say of each state; docs/conditions.md shows the same table."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Verdict:
    argocd: str
    flux: str


WAIT = Verdict("Progressing", "inProgress")
DONE = Verdict("Healthy", "current")
WRONG = Verdict("Degraded", "failed")

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
    "paused-serving": Verdict("Suspended", "current"),
    "paused-edited": Verdict("Suspended", "inProgress"),
    "expired": DONE,  # as a Job that is complete
    "expired-recreate": WAIT,
    "deleting": WAIT,
    "delete-blocked": WAIT,
}


def table() -> list[str]:
    """As Markdown."""
    rows = [f"| `{state}` | {each.argocd} | {each.flux} |" for state, each in VERDICTS.items()]
    return ["| state | Argo CD | Flux |", "|---|---|---|", *rows]
