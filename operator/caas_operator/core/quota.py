"""Telling a used-up quota from its text: in a task's error there is nothing else to tell it by."""

import re

_QUOTA = re.compile(
    r"quota\s?limit|insufficient_quota|quota\b.{0,80}?\b(?:exceed|reached|used up)|exceed\w*\b.{0,80}?\bquota",
    re.IGNORECASE | re.DOTALL,
)


def quota_text(text: str) -> bool:
    """Whether a text speaks of a quota that is used up: `Quota limit for volume_size exceeded by 20` [DOC-err]."""
    return _QUOTA.search(text) is not None
