--- @include "common.lua"
--- @include "registry.lua"
--- @include "read-common.lua"
-- Returns one page of the thread's checkpoints, newest first; equal ids by namespace.
--
-- ARGV  1 time to live in milliseconds that this read gives the thread, or ''
--       2 the prefix of the only namespace wanted, or '' for all
--       3 the only id wanted, or ''; then 4 is not looked at
--       4 an id: only what comes after it in the order of the list is wanted; or ''
--       5 the prefix of the namespace that the previous page ended in, or '' to leave out the id of 4 altogether
--       6 the largest number of checkpoints to return
--       7 "checkpoints", or "bodies" for their fields and records only
--       8 BATCH, see read-common.lua
-- Reply see reply_with in read-common.lua; for bodies the rows are { field, record }.
--
-- Atomic, because what is listed must be there when it is read.
local ttl, only_prefix, only_id, after_id, after_prefix = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local limit, bodies = tonumber(ARGV[6]), ARGV[7] == 'bodies'

-- The newest fields of one namespace that are wanted.
local function fields_of(prefix)
  local later_in_tie = after_prefix ~= '' and less(after_prefix, prefix)
  if only_id ~= '' then
    local wanted = after_prefix == '' or later_in_tie
    return wanted and redis.call('HEXISTS', CHECKPOINTS, prefix .. only_id) == 1 and { prefix .. only_id } or {}
  end
  local from = '(c:' .. prefix .. '\255'
  if after_id ~= '' then from = (later_in_tie and '[c:' or '(c:') .. prefix .. after_id end
  local found = redis.call('ZREVRANGEBYLEX', INDEX, from, '[c:' .. prefix, 'LIMIT', 0, limit)
  for i, member in ipairs(found) do found[i] = string.sub(member, 3) end
  return found
end

if not thread_exists() then return reply_with({}, new_chunks()) end
local candidates = {}
for _, prefix in ipairs(only_prefix ~= '' and { only_prefix } or namespace_prefixes()) do
  for _, field in ipairs(fields_of(prefix)) do
    candidates[#candidates + 1] = { id = string.sub(field, #prefix + 1), prefix = prefix, field = field }
  end
end
if only_prefix == '' then
  table.sort(candidates, function(a, b)
    if a.id ~= b.id then return less(b.id, a.id) end
    return less(a.prefix, b.prefix)
  end)
end

local rows, chunks = {}, new_chunks()
for i = 1, math.min(limit, #candidates) do
  local field = candidates[i].field
  local record = redis.call('HGET', CHECKPOINTS, field) or error('LOST checkpoint.', 0)
  if bodies then
    rows[i] = { field, record }
  else
    rows[i] = row_of(field, record, chunks)
  end
end
if #rows > 0 and ttl ~= '' then refresh_ttl(ttl) end
return reply_with(rows, chunks)
