-- Copies a thread to another one in the same slot.
--
-- KEYS  the source's keys, then the target's
-- ARGV  1 a token of this copy, by which it is known when it is sent again
-- Reply "no source", "target exists", or the encoded ids of the runs that made the source.
--
-- Atomic, because the copy must be of one moment.
local count = #KEYS / 2
if redis.call('HGET', KEYS[count + 1], 'copy') == ARGV[1] then return run_ids() end
if redis.call('EXISTS', KEYS[1]) == 0 then return 'no source' end
for i = count + 1, 2 * count do
  if redis.call('EXISTS', KEYS[i]) == 1 then return 'target exists' end
end
for i = 1, count do redis.call('COPY', KEYS[i], KEYS[count + i]) end
redis.call('HSET', KEYS[count + 1], 'copy', ARGV[1])
return run_ids()
