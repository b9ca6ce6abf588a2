--- @include "common.lua"
-- Counts what a thread holds: its checkpoints, and a portion of its namespaces.
--
-- ARGV  1 '', then where to go on, as the reply before said
--       2 how many namespaces to count
-- Reply nil when there is no such thread; else { checkpoints, namespaces counted by this call, where to go on or '' }.
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
return { redis.call('ZLEXCOUNT', INDEX, '[c:', '(c;'), count, prefix }
