"""Telling a used-up quota, or a region without capacity, from its text: often there is nothing else to tell it by."""

import re

_QUOTA = re.compile(
    r"quota\s?limit|insufficient_quota|quota\b.{0,80}?\b(?:exceed|reached|used up)|exceed\w*\b.{0,80}?\bquota"
    r"|reached the limit of flavor",
    re.IGNORECASE | re.DOTALL,
)


def quota_text(text: str) -> bool:
    """Whether a text says that there is no more to be had for now [DOC-err].

    `Quota limit for volume_size exceeded by 20`, `The region 6 has reached the limit of flavor ...`.
    """
    return _QUOTA.search(text) is not None
