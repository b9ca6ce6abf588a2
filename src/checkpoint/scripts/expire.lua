-- Gives the thread a time to live of its own, which later reads and writes keep to.
--
-- ARGV  1 milliseconds, or 0 for ever
-- Reply the encoded ids of the runs that made the thread, or nil when there is no such thread.
--
-- Atomic, because all keys of the thread have to expire at one moment.
if redis.call('EXISTS', CHECKPOINTS) == 0 then return false end
redis.call('HSET', CHECKPOINTS, 'ttl', ARGV[1])
if ARGV[1] == '0' then
  for _, key in ipairs(KEYS) do redis.call('PERSIST', key) end
else
  extend_life('')
end
return run_ids()
