--- @include "common.lua"
--- @include "registry.lua"
-- Deletes the thread, with what the indexes hold of it.
--
-- ARGV  1 "thread"; or "rest" for what is left in the indexes of a thread that this script has deleted before
-- Reply { how many checkpoints it had, 1 when there is a rest }. It had more runs then than one call removes.
--
-- Atomic, because what is put meanwhile belongs either to the old thread or to the new one.
-- Also deletes keys that another program has written to: then the checkpoints cannot be counted.
local count = 0
if ARGV[1] == 'thread' then
  local length = redis.pcall('ZLEXCOUNT', INDEX, '[c:', '(c;')
  if type(length) == 'number' then count = length end
  redis.call('UNLINK', unpack(THREAD_KEYS))
elseif not is_absent() then
  return { 0, 0 }
end
remove_expired(now())
return { count, remove_from_indexes(THREAD, MAX_RUNS) == MAX_RUNS and 1 or 0 }
