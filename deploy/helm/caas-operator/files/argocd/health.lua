-- How Argo CD sees an object of caas-operator.dev; the same for every kind. docs/install/argocd.md has the table.
-- Argo CD runs it as Lua 5.1 with `table` and the basic functions, without `string` and `math`.

local function health(status, message)
  return {status = status, message = message or ""}
end

local metadata = obj.metadata or {}
local status = obj.status or {}
local account = obj.kind == "CloudAccount" or obj.kind == "ClusterCloudAccount"

local found = {}
for _, condition in ipairs(status.conditions or {}) do
  if condition.type ~= nil then
    found[condition.type] = condition
  end
end

-- Of this very generation: a verdict on an older one says nothing about what Git wants now.
local function holds(name)
  local condition = found[name]
  return condition ~= nil and condition.status == "True" and condition.observedGeneration == metadata.generation
end

local function says(name, otherwise)
  local condition = found[name]
  if condition == nil then
    return otherwise
  end
  if condition.message == nil or condition.message == "" then
    return condition.reason or otherwise
  end
  return (condition.reason or name) .. ": " .. condition.message
end

if metadata.deletionTimestamp ~= nil then
  return health("Progressing", says("Ready", "being deleted"))
end

-- Suspended holds back the later sync waves, so it is for a pause alone: a stop by `suspend` is what Git asked for.
local paused = (metadata.annotations or {})["caas-operator.dev/paused"]
if paused ~= nil and paused ~= "false" and not account then
  return health("Suspended", "paused by annotation")
end

if metadata.generation == nil or status.observedGeneration ~= metadata.generation then
  return health("Progressing", "the operator has not seen this generation yet")
end
if holds("Stalled") then
  return health("Degraded", says("Stalled"))
end
if found.Reconciling ~= nil and found.Reconciling.status == "True" then
  return health("Progressing", says("Reconciling"))
end
if holds("Complete") then
  return health("Healthy", says("Complete"))
end
if holds("Ready") then
  if found.Synced ~= nil and found.Synced.status == "False" then
    return health("Healthy", says("Synced")) -- ObserveOnly: it serves, and differs from spec
  end
  return health("Healthy", says("Ready"))
end
return health("Progressing", says("Ready", "not ready yet"))
