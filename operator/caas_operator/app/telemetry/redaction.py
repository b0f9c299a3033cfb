"""The last defence against a secret in the logs. The first is that secrets are `Sealed` and never get there."""

import re
from collections import OrderedDict

from caas_operator.core.secret import Sealed

HIDDEN = "***"

_SHAPES = re.compile(
    r"""(?ix)
    (?P<lead>
        \b (?:authorization|x-api-key|x-bf-vk|api[_-]?key) ["']? \s* [:=] \s* ["']? (?:(?:bearer|basic|apikey)\s+)?
      | \b (?:bearer|apikey) \s+
    )
    (?P<secret> [^\s"',;}]{6,} )
    | \b sk-[A-Za-z0-9_-]{8,}
    """
)
_SHORTEST = 8
"""Shorter values are words, and hiding them would make the logs unreadable."""
_MOST = 500
"""Credentials of accounts, old ones included: every one is looked for in every line."""


class Redaction:
    """Hides what looks like a credential, and the last 500 values that it was told of."""

    def __init__(self) -> None:
        self._values: OrderedDict[Sealed, None] = OrderedDict()

    def hide(self, value: Sealed) -> None:
        """From now on the value never shows in a log, as it leaves for the cloud: without spaces around it."""
        value = Sealed(value.reveal().strip())
        if len(value.reveal()) < _SHORTEST:
            return
        self._values[value] = None
        self._values.move_to_end(value)
        if len(self._values) > _MOST:
            self._values.popitem(last=False)

    def __call__(self, text: str) -> str:
        for value in self._values:
            if value.reveal() in text:
                text = text.replace(value.reveal(), HIDDEN)
        return _SHAPES.sub(_masked, text)


def _masked(match: re.Match[str]) -> str:
    return (match["lead"] or "") + HIDDEN
