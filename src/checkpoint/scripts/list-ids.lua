--- @include "common.lua"
--- @include "registry.lua"
-- Returns the newest ids of several namespaces, from which the client makes the order over all of them.
--
-- ARGV  1 the largest number of ids, in all namespaces together; each namespace has one at least
--       2 the largest number of ids of one namespace
--       3 "namespaces": the prefix of a namespace, the largest number of namespaces, an id or '', an id or '': the namespaces
--         after that one, with their ids before the first id, or only the second one
--         "before": prefix and id of each namespace: its ids before that
-- Reply 1 { prefix, its ids, newest first } for each namespace
--       2 the prefix of the last namespace if there may be more, or ''
--       3 how many ids there are of a namespace that may have more
--
-- Atomic only because scripts are: an id may be gone when its checkpoint is read, and namespaces may come later.
local limit, limit_each = tonumber(ARGV[1]), tonumber(ARGV[2])
local found = {}

local function ids_of(prefix, count, before)
  local ids = newest_fields(prefix, count, before ~= '' and prefix .. before or nil)
  for i, field in ipairs(ids) do ids[i] = id_of(field) end
  return ids
end

local function share_of(namespaces)
  return math.min(limit_each, math.max(1, math.floor(limit / namespaces)))
end

if not thread_exists() then return { found, '', 1 } end
if ARGV[3] == 'before' then
  local count = share_of((#ARGV - 3) / 2)
  for i = 4, #ARGV, 2 do found[#found + 1] = { ARGV[i], ids_of(ARGV[i], count, ARGV[i + 1]) } end
  return { found, '', count }
end

local most, before, only = tonumber(ARGV[5]), ARGV[6], ARGV[7]
local prefixes = namespace_prefixes(ARGV[4], most)
local count = share_of(#prefixes)
for i, prefix in ipairs(prefixes) do
  if only == '' then
    found[i] = { prefix, ids_of(prefix, count, before) }
  else
    found[i] = { prefix, redis.call('ZSCORE', INDEX, 'c:' .. prefix .. only) and { only } or {} }
  end
end
return { found, #prefixes == most and prefixes[most] or '', count }
