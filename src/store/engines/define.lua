-- Defines the index of a store, unless it is defined.
--
-- KEYS  1 the definition
-- ARGV  1 what the index is configured for, as JSON   2 the newest definition that was seen elsewhere, or ""
-- Reply the definition that serves: fence, generation and configuration, separated by spaces.
--
-- Atomic, because of many clients that begin at the same time one must be the first. The fence is the time: a store
-- that is begun anew, as the database was emptied, has a greater one than before.
local stored = redis.call('GET', KEYS[1])
local function fence_of(text) return tonumber(string.match(text or '', '^%d+') or '0') end
if fence_of(ARGV[2]) > fence_of(stored) then
  stored = ARGV[2]
elseif not stored then
  local time = redis.call('TIME')
  stored = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000)) .. ' 1 ' .. ARGV[1]
else
  return stored
end
redis.call('SET', KEYS[1], stored)
return stored
