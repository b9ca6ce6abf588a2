--- @include "common.lua"
-- Counts what a thread holds: its checkpoints, and a portion of its namespaces.
--
-- ARGV  1 '', then where to go on, as the reply before said
--       2 how many namespaces to count
-- Reply nil when there is no such thread; else { checkpoints, namespaces counted by this call, where to go on or '', the moment
-- at which it expires in milliseconds or -1 }.
--
-- Atomic, because what is counted must be of one thread.
if not thread_exists() then return false end
local prefix, count = ARGV[1], 0
while count < tonumber(ARGV[2]) do
  local member = redis.call('ZRANGEBYLEX', INDEX, '(c:' .. (prefix == '' and '' or prefix .. '\255'), '(c;', 'LIMIT', 0, 1)[1]
  prefix = member and string.match(member, '^c:([^:]*:)') or ''
  if prefix == '' then break end
  count = count + 1
end
local left, expires = redis.call('PTTL', CHECKPOINTS), -1
if left >= 0 then
  local now = redis.call('TIME')
  expires = now[1] * 1000 + math.floor(now[2] / 1000) + left
end
return { redis.call('ZLEXCOUNT', INDEX, '[c:', '(c;'), count, prefix, expires }
