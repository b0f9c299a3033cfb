"""Lua as Argo CD has it: 5.1 with the basic functions, `table`, and `os` by require alone."""

from typing import Any

from lupa import lua51  # type: ignore[import-untyped] # the package has no types

Json = dict[str, Any]
LuaError: type[Exception] = lua51.LuaError

_SANDBOX = """
local kept = {table = table, date = os.date, time = os.time}
getmetatable("").__index = nil
for _, name in ipairs({"string", "math", "io", "os", "debug", "package", "coroutine", "dofile", "loadfile"}) do
  _G[name] = nil
end
function require(name)
  assert(name == "os", "no module " .. name)
  return {date = kept.date, time = kept.time}
end
return function(text, given)
  obj = given
  return assert(loadstring(text))()
end
"""


def run(script: str, thing: Json) -> Any:
    """What the script returns for the object, as JSON; an empty table is an empty list, as for Argo CD.

    Raises LuaError as the script does.
    """
    lua = lua51.LuaRuntime(unpack_returned_tuples=True, register_eval=False, register_builtins=False)
    execute: Any = lua.execute(_SANDBOX)
    return _json(execute(script, _table(lua, thing)))


def _table(lua: Any, value: Any) -> Any:
    if isinstance(value, dict):
        return lua.table_from({key: _table(lua, each) for key, each in value.items() if each is not None})
    if isinstance(value, list):
        return lua.table_from([_table(lua, each) for each in value])
    return value


def _json(value: Any) -> Any:
    if lua51.lua_type(value) != "table":
        return value
    keys = list(value.keys())
    if all(isinstance(key, int) for key in keys):
        return [_json(value[key]) for key in sorted(keys)]
    return {key: _json(each) for key, each in value.items()}
