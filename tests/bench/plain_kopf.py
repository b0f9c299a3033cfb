"""What a user of kopf writes today from its documentation for containers at Gcore; the benchmark's other side.

Run as `kopf run --all-namespaces` runs it, with kopf's defaults. A cloud's task is waited for with TemporaryError, as
the documentation has it: the task's id is in the status by then, so that a restart does not create twice. Where there
is a choice, the cheaper way is taken: async handlers, one shared client (aiohttp's, which kopf brings; httpx's pool
fails its callers when a thousand handlers ask at once), and a timer that patches nothing when nothing has changed.
What it does not do: notice that a name is somebody else's, tell failures apart, set conditions, keep to a rate.
"""

import os
from typing import Any

import aiohttp
import kopf

GROUP = "plain-kopf.example"
PLURAL = "containers"
TASK_SECONDS = 2.0
RESYNC_SECONDS = float(os.environ.get("RESYNC_SECONDS", "60"))


@kopf.on.startup()
async def connect(memo: kopf.Memo, **_: Any) -> None:
    memo.http = aiohttp.ClientSession(
        os.environ["GCORE_URL"],
        headers={"Authorization": f"APIKey {os.environ['GCORE_API_KEY']}"},
        raise_for_status=True,
    )


@kopf.on.cleanup()
async def disconnect(memo: kopf.Memo, **_: Any) -> None:
    await memo.http.close()


@kopf.on.create(GROUP, PLURAL)
async def create(
    memo: kopf.Memo, spec: kopf.Spec, name: str, meta: kopf.Meta, status: kopf.Status, patch: kopf.Patch, **_: Any
) -> None:
    if "taskId" not in status:
        async with memo.http.post(containers(spec), json={"name": name, **body_of(spec)}) as answer:
            await wait_for_task(answer, patch)
    await check_task(memo.http, status["taskId"])
    await show(memo.http, spec, name, meta, patch)


@kopf.on.update(GROUP, PLURAL, field="spec")
async def update(
    memo: kopf.Memo, spec: kopf.Spec, name: str, meta: kopf.Meta, status: kopf.Status, patch: kopf.Patch, **_: Any
) -> None:
    if "taskId" not in status:
        async with memo.http.patch(f"{containers(spec)}/{name}", json=body_of(spec)) as answer:
            await wait_for_task(answer, patch)
    await check_task(memo.http, status["taskId"])
    await show(memo.http, spec, name, meta, patch)


@kopf.on.delete(GROUP, PLURAL)
async def delete(
    memo: kopf.Memo, spec: kopf.Spec, name: str, status: kopf.Status, patch: kopf.Patch, retry: int, **_: Any
) -> None:
    if retry == 0:
        try:
            async with memo.http.delete(f"{containers(spec)}/{name}") as answer:
                await wait_for_task(answer, patch)
        except aiohttp.ClientResponseError as error:
            if error.status != 404:
                raise
            return
    await check_task(memo.http, status["taskId"])


@kopf.timer(GROUP, PLURAL, interval=RESYNC_SECONDS, initial_delay=RESYNC_SECONDS)
async def resync(
    memo: kopf.Memo, spec: kopf.Spec, name: str, meta: kopf.Meta, status: kopf.Status, patch: kopf.Patch, **_: Any
) -> None:
    fresh = kopf.Patch()
    await show(memo.http, spec, name, meta, fresh)
    if any(status.get(key) != value for key, value in fresh.status.items()):
        patch.status.update(fresh.status)


async def wait_for_task(answer: aiohttp.ClientResponse, patch: kopf.Patch) -> None:
    (patch.status["taskId"],) = (await answer.json())["tasks"]
    raise kopf.TemporaryError("the task has begun", delay=TASK_SECONDS)


async def check_task(http: aiohttp.ClientSession, task_id: str) -> None:
    async with http.get(f"/cloud/v1/tasks/{task_id}") as answer:
        task = await answer.json()
    if task["state"] == "ERROR":
        raise kopf.PermanentError(task["error"])
    if task["state"] != "FINISHED":
        raise kopf.TemporaryError("the task is not finished", delay=TASK_SECONDS)


async def show(http: aiohttp.ClientSession, spec: kopf.Spec, name: str, meta: kopf.Meta, patch: kopf.Patch) -> None:
    async with http.get(f"{containers(spec)}/{name}") as answer:
        found = await answer.json()
    patch.status["taskId"] = None
    patch.status["phase"] = found["status"]
    patch.status["endpoint"] = found["address"]
    patch.status["observedGeneration"] = meta["generation"]


def containers(spec: kopf.Spec) -> str:
    return f"/cloud/v1/caas/{spec.get('projectId', 1)}/{spec.get('regionId', 76)}/containers"


def body_of(spec: kopf.Spec) -> dict[str, Any]:
    return {
        "image": spec["image"],
        "listening_port": spec["listeningPort"],
        "flavor": spec["flavor"],
        "scale": {**spec["scale"], "cooldown_period": 60},
        "envs": {one["name"]: one["value"] for one in spec.get("env", ())},
    }
