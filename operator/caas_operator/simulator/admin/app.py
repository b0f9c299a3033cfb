"""The admin API: JSON over HTTP, without credentials, for tests, demo and benchmark. Never expose it."""

import json
from collections.abc import Callable
from typing import Any, get_args

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from caas_operator.simulator.admin.changes import change
from caas_operator.simulator.admin.state import state
from caas_operator.simulator.clock import timestamp
from caas_operator.simulator.faults import Effect
from caas_operator.simulator.switches import SWITCHES
from caas_operator.simulator.world import World

JSON = dict[str, Any]


def admin_app(world: World) -> Starlette:
    """All admin routes over one world; errors are 400 with `{"error": text}`."""
    admin = Admin(world)
    routes = [
        Route("/healthz", admin.healthz),
        Route("/clock", admin.clock, methods=["GET"]),
        Route("/clock", admin.advance, methods=["POST"]),
        Route("/faults", admin.faults, methods=["GET"]),
        Route("/faults", admin.add_faults, methods=["POST"]),
        Route("/faults", admin.remove_faults, methods=["DELETE"]),
        Route("/faults/{id:int}", admin.remove_faults, methods=["DELETE"]),
        Route("/faults/{id:int}/release", admin.release, methods=["POST"]),
        Route("/journal", admin.journal, methods=["GET"]),
        Route("/journal", admin.set_recording, methods=["POST"]),
        Route("/journal", admin.clear_journal, methods=["DELETE"]),
        Route("/counters", admin.counters),
        Route("/state", admin.state, methods=["GET"]),
        Route("/state", admin.change_state, methods=["POST"]),
        Route("/switches", admin.switches, methods=["GET"]),
        Route("/switches", admin.set_switches, methods=["POST"]),
        Route("/reset", admin.reset, methods=["POST"]),
    ]
    return Starlette(
        routes=routes,
        exception_handlers={HTTPException: _error_reply, ValueError: _bad_value, KeyError: _bad_value},
    )


def _error_reply(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 400
    return JSONResponse({"error": str(getattr(error, "detail", error))}, status)


def _bad_value(_: Request, error: Exception) -> Response:
    text = f"unknown name {error.args[0]!r}" if isinstance(error, KeyError) else str(error)
    return JSONResponse({"error": text}, 400)


async def _body(request: Request) -> Any:
    try:
        return json.loads(await request.body() or b"{}")
    except ValueError as error:
        raise ValueError(f"the body is no JSON: {error}") from None


class Admin:
    """One method a route."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def healthz(self, _: Request) -> Response:
        return JSONResponse({"ok": True})

    async def clock(self, _: Request) -> Response:
        clock = self.world.clock
        return JSONResponse(
            {
                "now": timestamp(clock.now(), "bare") + "Z",
                "epoch_seconds": clock.now(),
                "offset_seconds": clock.offset_seconds,
                "kind": clock.kind,
            }
        )

    async def advance(self, request: Request) -> Response:
        """`{"advance_seconds": n}`; everything due by then happens before the answer."""
        self.world.clock.advance(float((await _body(request))["advance_seconds"]))
        self.world.settle()
        return await self.clock(request)

    async def faults(self, _: Request) -> Response:
        rules = [rule.as_json() for rule in self.world.faults.rules]
        return JSONResponse({"faults": rules, "effects": list(get_args(Effect))})

    async def add_faults(self, request: Request) -> Response:
        """One rule or a list of them; answers their ids in order."""
        body = await _body(request)
        rules = body if isinstance(body, list) else [body]
        return JSONResponse({"ids": [self.world.faults.add(rule).id for rule in rules]})

    async def remove_faults(self, request: Request) -> Response:
        """All rules or one; what they held goes on."""
        self.world.faults.remove(request.path_params.get("id"))
        self.world.settle()
        return JSONResponse({})

    async def release(self, request: Request) -> Response:
        """Let go what a rule holds, and let it meet nothing more."""
        if not self.world.faults.release(request.path_params["id"]):
            raise HTTPException(404, "no such fault")
        self.world.settle()
        return JSONResponse({})

    async def journal(self, request: Request) -> Response:
        """Entries by `?operation=` and `?name=` (globs) and `?since=` (sequence number)."""
        query = request.query_params
        found = self.world.journal.select(
            query.get("operation", "*"), query.get("name", "*"), int(query.get("since", "0"))
        )
        return await _large(lambda: {"entries": [entry.as_json() for entry in found]})

    async def set_recording(self, request: Request) -> Response:
        """`{"recording": false}` keeps only counts from now on."""
        self.world.journal.recording = bool((await _body(request))["recording"])
        return JSONResponse({"recording": self.world.journal.recording})

    async def clear_journal(self, _: Request) -> Response:
        self.world.journal.clear()
        return JSONResponse({})

    async def counters(self, _: Request) -> Response:
        return JSONResponse(self.world.journal.counters.as_json())

    async def state(self, request: Request) -> Response:
        """Everything the clouds hold, or only the kinds of `?kind=a,b`."""
        self.world.settle()
        kinds = request.query_params.get("kind")
        shown = state(self.world, kinds.split(",") if kinds else None)
        return await _large(lambda: shown)

    async def change_state(self, request: Request) -> Response:
        """One change or a list of them, see `changes`; answers what each one touched."""
        self.world.settle()
        body = await _body(request)
        changes = body if isinstance(body, list) else [body]
        return JSONResponse({"results": [change(self.world, item) for item in changes]})

    async def switches(self, _: Request) -> Response:
        known = {
            name: {
                "default": switch.default,
                "opposite": switch.opposite,
                "choices": switch.choices,
                "doc": switch.doc,
            }
            for name, switch in SWITCHES.items()
        }
        return JSONResponse({"values": self.world.switches.as_json(), "known": known})

    async def set_switches(self, request: Request) -> Response:
        """`{name: value, ...}`; `{"profile": "documented" | "opposite" | "mix"}` sets all of them first."""
        self.world.settle()
        body = await _body(request)
        if "profile" in body:
            self.world.switches.profile(body.pop("profile"))
        for name, value in body.items():
            self.world.switches.set(name, value)
        self.world.gcore.forget_wires()
        return JSONResponse({"values": self.world.switches.as_json()})

    async def reset(self, _: Request) -> Response:
        self.world.reset()
        return JSONResponse({})


async def _large(make: Callable[[], JSON]) -> Response:
    """A reply that may be tens of megabytes, encoded off the loop so that the clouds go on answering."""
    encoded = await run_in_threadpool(lambda: json.dumps(make()).encode())
    return Response(encoded, media_type="application/json")
