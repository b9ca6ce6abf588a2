--- @include "common.lua"
--- @include "registry.lua"
-- Gives the thread a time to live of its own, which later reads and writes keep to.
--
-- ARGV  1 milliseconds, or 0 for ever
-- Reply 1, or 0 when there is no such thread.
--
-- Atomic, because all keys of the thread have to expire at one moment, and the index has to know it.
begin_write()
if not thread_exists() then return 0 end
redis.call('HSET', CHECKPOINTS, 'ttl', ARGV[1])
if ARGV[1] == '0' then
  for _, key in ipairs(THREAD_KEYS) do redis.call('PERSIST', key) end
  redis.call('ZREM', EXPIRES, THREAD)
else
  refresh_ttl('')
end
return 1
