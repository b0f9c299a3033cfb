"""The gateway as a whole: routes of both surfaces, virtual keys, error envelope."""

from dataclasses import dataclass

from caas_operator.simulator.openai import direct, gateway
from caas_operator.simulator.openai.direct import by_id, error_body, injected
from caas_operator.simulator.openai.gateway_wire import GOVERNANCE, governance, request_type
from caas_operator.simulator.wire import ApiError, Call, Reply, Route, dumps

KEY_HEADERS = ("x-bf-vk", "authorization", "x-api-key", "x-goog-api-key")
VIRTUAL_KEY = "sk-bf-"
PASSTHROUGH = "/openai_passthrough"
"""forwards requests and replies unchanged (code read only)"""


def _routes(prefix: str) -> tuple[Route, ...]:
    files = prefix + "/{container_id}/files"
    return (
        Route("POST", prefix, "gateway.containers.create", gateway.create),
        Route("GET", prefix, "gateway.containers.list", gateway.list_containers),
        Route("GET", prefix + "/{container_id}", "gateway.containers.get", gateway.get, by_id),
        Route("DELETE", prefix + "/{container_id}", "gateway.containers.delete", gateway.delete, by_id),
        Route("POST", files, "gateway.files.create", gateway.upload, by_id),
        Route("GET", files, "gateway.files.list", gateway.list_files, by_id),
        Route("GET", files + "/{file_id}", "gateway.files.get", gateway.get_file, by_id),
        Route("GET", files + "/{file_id}/content", "gateway.files.content", gateway.file_content, by_id),
        Route("DELETE", files + "/{file_id}", "gateway.files.delete", gateway.delete_file, by_id),
    )


ROUTES = (
    *_routes("/openai/v1/containers"),
    *_routes("/openai/containers"),
    *_routes("/v1/containers"),
    *direct.routes(f"{PASSTHROUGH}/v1/containers", "gateway.passthrough", gateway.passed_through),
)


@dataclass(frozen=True)
class GatewayCloud:
    name: str = "gateway"
    routes: tuple[Route, ...] = ROUTES

    def authorize(self, call: Call) -> None:
        """A virtual key in one of four headers, while it is mandatory; a wrong one has no access."""
        if call.world.switches.word("gateway_auth") == "open":
            return
        for header in KEY_HEADERS:
            value = call.headers.get(header, "")
            value = value.removeprefix("Bearer ") if header == "authorization" else value
            if value.startswith(VIRTUAL_KEY) or (header == "x-bf-vk" and value):
                if value in call.world.keys["gateway"]:
                    return
                raise governance(403)
        raise governance(401)

    def error_reply(self, call: Call, error: ApiError) -> Reply:
        body = error_body(error)
        if call.path.startswith(PASSTHROUGH) and not error.extra.get("governance"):
            return Reply(error.status, dumps({"error": body}))
        wire = {
            "is_bifrost_error": error.status >= 500 and not error.extra.get("upstream"),
            "status_code": error.status,
            "error": {key: value for key, value in body.items() if value},
            "extra_fields": {
                "provider": call.query.get("provider", "openai"),
                "request_type": request_type(call),
            },
        }
        if error.extra.get("governance"):
            wire = {"type": error.kind} | wire
        return Reply(error.status, dumps(wire))

    def injected(self, status: int) -> ApiError:
        return governance(status) if status in GOVERNANCE else injected(status)
