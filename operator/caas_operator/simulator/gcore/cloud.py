"""Gcore as a whole: its routes, its credential, its error envelope."""

from dataclasses import dataclass

from caas_operator.simulator.gcore import (
    caas,
    caas_keys,
    credentials,
    inference,
    inference_info,
    inference_life,
    surroundings,
    tasks,
    workloads,
)
from caas_operator.simulator.wire import ApiError, Call, Handler, Reply, Route, dumps

CAAS = "/cloud/v1/caas/{project:int}/{region:int}"
INFERENCE = "/cloud/v3/inference"
DEPLOYMENTS = INFERENCE + "/{project:int}/deployments"


def by_task(call: Call) -> tuple[str, ...]:
    """A task is known by its id and by the name of its resource."""
    task = call.world.gcore.tasks.get(call.params["task_id"])
    return (call.params["task_id"], task.name) if task else (call.params["task_id"],)


def _crud(path: str, operation: str, change: str, *handlers: Handler) -> tuple[Route, ...]:
    """The five routes of a small resource: list, create, get, `change` (PATCH or PUT), delete."""
    listed, created, shown, changed, deleted = handlers
    named = path + "/{name}"
    verb = "update" if change == "PATCH" else "replace"
    return (
        Route("GET", path, f"{operation}.list", listed),
        Route("POST", path, f"{operation}.create", created),
        Route("GET", named, f"{operation}.get", shown),
        Route(change, named, f"{operation}.{verb}", changed),
        Route("DELETE", named, f"{operation}.delete", deleted),
    )


ROUTES: tuple[Route, ...] = (
    Route("GET", "/cloud/v1/tasks/{task_id}", "gcore.tasks.get", tasks.get_task, by_task),
    Route("GET", "/cloud/v1/tasks", "gcore.tasks.list", tasks.list_tasks),
    Route(
        "POST",
        "/cloud/v1/tasks/{task_id}/acknowledge",
        "gcore.tasks.acknowledge",
        tasks.acknowledge,
        by_task,
    ),
    Route("POST", "/cloud/v1/tasks/acknowledge_all", "gcore.tasks.acknowledge_all", tasks.acknowledge_all),
    Route(
        "GET",
        "/cloud/v1/tasks/{project:int}/{region:int}/active",
        "gcore.tasks.active",
        tasks.active_tasks,
    ),
    *_crud(
        CAAS + "/containers",
        "gcore.caas",
        "PATCH",
        caas.list_containers,
        caas.create_container,
        caas.get_container,
        caas.update_container,
        caas.delete_container,
    ),
    Route("GET", CAAS + "/containers/{name}/logs", "gcore.caas.logs", caas.logs),
    Route("POST", CAAS + "/check_limits", "gcore.caas.check_limits", caas.check_limits),
    Route("GET", "/cloud/v1/caas/flavors/{project:int}/{region:int}", "gcore.caas.flavors", caas.flavors),
    *_crud(
        "/cloud/v1/caas/secrets/{project:int}/{region:int}",
        "gcore.pull_secrets",
        "PATCH",
        credentials.list_pull_secrets,
        credentials.create_pull_secret,
        credentials.get_pull_secret,
        credentials.update_pull_secret,
        credentials.delete_pull_secret,
    ),
    *_crud(
        "/cloud/v1/caas/keys/{project:int}/{region:int}",
        "gcore.caas_keys",
        "PATCH",
        caas_keys.list_keys,
        caas_keys.create_key,
        caas_keys.get_key,
        caas_keys.update_key,
        caas_keys.delete_key,
    ),
    Route("POST", DEPLOYMENTS + "/check_limits", "gcore.inference.check_limits", inference_info.check_limits),
    *_crud(
        DEPLOYMENTS,
        "gcore.inference",
        "PATCH",
        inference.list_deployments,
        inference.create_deployment,
        inference.get_deployment,
        inference.update_deployment,
        inference.delete_deployment,
    ),
    Route("POST", DEPLOYMENTS + "/{name}/start", "gcore.inference.start", inference_life.start),
    Route("POST", DEPLOYMENTS + "/{name}/stop", "gcore.inference.stop", inference_life.stop),
    Route("GET", DEPLOYMENTS + "/{name}/logs", "gcore.inference.logs", inference_info.logs),
    Route("GET", DEPLOYMENTS + "/{name}/apikey", "gcore.inference.apikey", inference_info.apikey),
    *_crud(
        INFERENCE + "/{project:int}/api_keys",
        "gcore.api_keys",
        "PATCH",
        credentials.list_keys,
        credentials.create_key,
        credentials.get_key,
        credentials.update_key,
        credentials.delete_key,
    ),
    *_crud(
        INFERENCE + "/{project:int}/registry_credentials",
        "gcore.registry_credentials",
        "PUT",
        credentials.list_registries,
        credentials.create_registry,
        credentials.get_registry,
        credentials.replace_registry,
        credentials.delete_registry,
    ),
    *_crud(
        INFERENCE + "/{project:int}/secrets",
        "gcore.inference_secrets",
        "PUT",
        credentials.list_secrets,
        credentials.create_secret,
        credentials.get_secret,
        credentials.replace_secret,
        credentials.delete_secret,
    ),
    Route("GET", INFERENCE + "/flavors", "gcore.inference.flavors", inference_info.flavors),
    Route("GET", INFERENCE + "/flavors/{name}", "gcore.inference.flavor", inference_info.flavor),
    Route("GET", INFERENCE + "/capacity", "gcore.inference.capacity", inference_info.capacity),
    Route("GET", "/cloud/v1/projects", "gcore.projects.list", surroundings.list_projects),
    Route("GET", "/cloud/v1/projects/{project:int}", "gcore.projects.get", surroundings.get_project),
    Route("GET", "/cloud/v1/regions", "gcore.regions.list", surroundings.list_regions),
    Route("GET", "/cloud/v1/regions/{region:int}", "gcore.regions.get", surroundings.get_region),
    Route(
        "GET",
        "/cloud/v2/regional_quotas/{client:int}/{region:int}",
        "gcore.quotas.regional",
        surroundings.regional_quotas,
    ),
    Route("GET", "/cloud/v2/global_quotas/{client:int}", "gcore.quotas.global", surroundings.global_quotas),
    *workloads.ROUTES,
)

INJECTED = {
    400: ("ValidationError", "Validation error"),
    401: ("token_not_valid", "Token is invalid or expired"),
    403: ("ForbiddenError", "You have no permission"),
    404: ("NotFoundError", "resource not found"),
    409: ("ConflictError", "The resource is locked"),
    429: ("TooManyRequests", "Rate limit exceeded"),
}
"""What a status says when a fault rule gives no body [DOC-err]; 429 and 5xx bodies are not documented."""


@dataclass(frozen=True)
class GcoreCloud:
    name: str = "gcore"
    routes: tuple[Route, ...] = ROUTES

    def authorize(self, call: Call) -> None:
        """`Authorization: APIKey <token>`, the word in any case."""
        if call.operation == workloads.OPERATION:
            return
        header = call.headers.get("authorization")
        if header is None:
            raise ApiError(401, "not_authenticated", "Authentication credentials were not provided.")
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "apikey":
            raise ApiError(401, "not_authenticated", "Authentication credentials were not provided.")
        if token.strip() not in call.world.keys["gcore"]:
            raise ApiError(401, "token_not_valid", "Bad permanent token: the token is unknown")

    def error_reply(self, call: Call, error: ApiError) -> Reply:
        plain = error.status in (401, 429) or error.status >= 500
        if plain and call.world.switches.word("error_body") == "text":
            return Reply(error.status, error.message.encode(), media_type="text/plain")
        envelope = {
            "exception_class": error.kind,
            "message": error.message,
            "request_id": call.request_id.replace("-", ""),
            **error.extra,
        }
        return Reply(error.status, dumps(envelope))

    def injected(self, status: int) -> ApiError:
        kind, message = INJECTED.get(status, ("InternalServerError", "Internal server error"))
        return ApiError(status, kind, message)
