"""The regions of an InferenceDeployment: spec's `regions` and the wire's `containers`. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from caas_operator.core.model import External, JsonObject
from caas_operator.kinds.inference.spec import InferenceRegion
from caas_operator.kinds.wire import gcore
from caas_operator.kinds.wire.tree import chosen, covers, overlay, pruned, set_paths

INTERVALS = {"cooldown_period": 60, "polling_interval": 30}
SQS_DEFAULTS = {"aws_endpoint": None, "scale_on_flight": False, "scale_on_delayed": False}
NO_TRIGGERS = dict.fromkeys(("cpu", "memory", "gpu_utilization", "gpu_memory", "http", "sqs"))
DEFAULT_TRIGGERS: JsonObject = {**NO_TRIGGERS, "cpu": {"threshold": 80}, "memory": {"threshold": 80}}
"""What the cloud does on a create without `triggers`; an update has no default for them [SPEC]."""

NEW_SCALE: JsonObject = {**INTERVALS, "triggers": DEFAULT_TRIGGERS}


def applied(regions: Iterable[InferenceRegion] | None) -> tuple[str, ...]:
    """Optional parts of the scales, as in `regions[76].scale.cooldownPeriod`; regions are named as in the spec."""
    return tuple(
        path
        for region in regions or ()
        for path in set_paths(region.scale, prefix=f"regions[{region.region_id or region.region_name}].scale.")
    )


def rows(found: External) -> list[JsonObject]:
    """The containers of a response, each with the name of its region where that is known."""
    names = {row["regionId"]: row.get("regionName") for row in found.observed.get("regions", ())}
    return [{**row, "region_name": names.get(row["region_id"])} for row in found.wire.get("containers") or ()]


def differ(regions: Sequence[InferenceRegion], found: External, gone: Collection[str]) -> bool:
    """Whether a region or a scale differs. The order is ours to send and not the cloud's to keep."""
    present = rows(found)
    if len(regions) != len(present):
        return True
    pairs = [(region, _row_of(region, index, present)) for index, region in enumerate(regions)]
    return any(row is None or not covers(_seen(row), _target(region, row, gone)) for region, row in pairs)


def bodies(
    regions: Sequence[InferenceRegion], present: Sequence[Mapping[str, Any]] | None, gone: Collection[str]
) -> list[JsonObject]:
    """`containers` in spec's order. For an update `present` has what is there, and the scales are complete."""
    completed = []
    for region in regions:
        row = next((row for row in present or () if row["region_id"] == region.region_id), None)
        scale = _target(region, row, gone)
        if present is not None:
            scale = overlay(NEW_SCALE if row is None else _seen(row), scale)
        completed.append({"region_id": region.region_id, "scale": pruned(scale)})
    return completed


def _row_of(region: InferenceRegion, index: int, present: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    if region.region_id is not None:
        return next((row for row in present if row["region_id"] == region.region_id), None)
    wanted = (region.region_name or "").casefold()
    for row in present:
        if (row["region_name"] or "").casefold() == wanted:
            return row
    # The cloud's names could not be read: the row at the same place is taken for it, rather than correcting for ever.
    return present[index] if present[index]["region_name"] is None else None


def _target(region: InferenceRegion, row: Mapping[str, Any] | None, gone: Collection[str]) -> JsonObject:
    scale, left = region.scale, _left(region, row, gone)
    target: JsonObject = {
        "min": scale.min,
        "max": scale.max,
        **chosen(scale, "scale", left, INTERVALS),
        **gcore.triggers(scale.triggers, DEFAULT_TRIGGERS if "scale.triggers" in left else None),
    }
    if scale.triggers is not None and scale.triggers.sqs is not None:
        target["triggers"]["sqs"] |= chosen(scale.triggers.sqs, "scale.triggers.sqs", left, SQS_DEFAULTS)
    return target


def _left(region: InferenceRegion, row: Mapping[str, Any] | None, gone: Collection[str]) -> frozenset[str]:
    """What has left this region, by paths from the region on; it may have been named otherwise then."""
    names = {region.region_id, region.region_name, *((row["region_id"], row["region_name"]) if row else ())}
    prefixes = [f"regions[{name}]." for name in names if name is not None]
    return frozenset(path.removeprefix(prefix) for path in gone for prefix in prefixes if path.startswith(prefix))


def _seen(row: Mapping[str, Any]) -> JsonObject:
    scale = row.get("scale") or {}
    return {
        "min": scale.get("min"),
        "max": scale.get("max"),
        **{name: scale.get(name) or default for name, default in INTERVALS.items()},
        "triggers": scale.get("triggers"),
    }
