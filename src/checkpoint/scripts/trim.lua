-- Part of put.lua, after remove.lua: keeps the newest checkpoint of each namespace only, where the saver keeps no history.
--
-- One put removes a bounded number of things. What is left over is noted under "g:field" in the index and goes with the
-- next puts: a removed checkpoint with pending writes or namespaces of its tasks, or one that nothing needs any more.

-- How much one put may still remove.
local budget = { checkpoints = 10, namespaces = 16, writes = 256 }

-- Removes namespaces of tasks that ran under a removed checkpoint. Adds their checkpoints to `work`. Returns whether all are gone.
local function remove_task_namespaces(field, work)
  local beginning = 'u:' .. escape_field(field) .. ':'
  for _, member in ipairs(members(beginning, budget.namespaces + 1)) do
    if budget.namespaces == 0 then return false end
    budget.namespaces = budget.namespaces - 1
    local prefix = string.sub(member, #beginning + 1) .. ':'
    local newest = latest_field(prefix)
    local record = newest and redis.call('HGET', CHECKPOINTS, newest)
    local header = record and intact_header(record)
    -- A namespace that hangs on another checkpoint by now stays.
    if header and header.u == field then
      local fields = newest_fields(prefix, 11)
      for i = 1, math.min(#fields, 10) do
        remove_record(fields[i])
        work[#work + 1] = fields[i]
      end
      if #fields > 10 then return false end
    end
    redis.call('ZREM', INDEX, member)
  end
  return true
end

-- Removes a checkpoint if nothing needs it, and what hangs on it. Adds to `work` what can go because of it.
local function clear(field, work)
  if redis.call('HEXISTS', CHECKPOINTS, field) == 1 then
    if is_needed(field) or latest_field(prefix_of(field)) == field then
      redis.call('ZREM', INDEX, 'g:' .. escape_field(field))
      return
    end
    if budget.checkpoints > 0 then
      budget.checkpoints = budget.checkpoints - 1
      work[#work + 1] = remove_record(field) or nil
    end
  end
  local is_done = redis.call('HEXISTS', CHECKPOINTS, field) == 0
  if is_done then
    budget.writes = budget.writes - remove_writes(field, budget.writes)
    is_done = budget.writes > 0 and remove_task_namespaces(field, work)
  end
  redis.call(is_done and 'ZREM' or 'ZADD', INDEX, unpack(is_done and { 'g:' .. escape_field(field) } or { 0, 'g:' .. escape_field(field) }))
end

-- Removes the checkpoints of a namespace that are older than the given one, if that is the newest.
local function keep_latest(newest)
  local prefix = prefix_of(newest)
  local work = {}
  if latest_field(prefix) == newest then work = newest_fields(prefix, budget.checkpoints, newest) end
  for _, member in ipairs(members('g:', 4)) do work[#work + 1] = unescape_field(string.sub(member, 3)) end
  local i = 1
  while i <= #work do
    clear(work[i], work)
    i = i + 1
  end
end
