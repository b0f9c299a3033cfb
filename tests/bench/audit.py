"""Writes that the API server took, counted from its audit log."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

WRITES = frozenset({"create", "update", "patch", "delete"})


@dataclass
class AuditLog:
    """Reads on from where it stopped the last time."""

    path: Path
    _offset: int = 0

    def new_writes(self) -> Counter[tuple[str, str]]:
        """Successful writes since the last call, by (user, resource); a subresource counts with its resource."""
        counted: Counter[tuple[str, str]] = Counter()
        with self.path.open("rb") as log:
            log.seek(self._offset)
            for line in log:
                if not line.endswith(b"\n"):
                    break
                self._offset += len(line)
                entry = json.loads(line)
                if entry["verb"] in WRITES and entry["responseStatus"]["code"] < 300:
                    counted[entry["user"]["username"], entry["objectRef"]["resource"]] += 1
        return counted
