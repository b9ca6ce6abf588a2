-- Keeps the lease of a reindex(), gives it back, or ends the reindex().
--
-- KEYS  1 the state of reindex()
-- ARGV  1 who holds the lease   2 for how many milliseconds more, "release", or "end"
-- Reply 1 when it was done, 0 when somebody else has taken the lease.
--
-- Atomic, because the lease must not be taken between the look at its holder and the change.
if redis.call('HGET', KEYS[1], 'holder') ~= ARGV[1] then return 0 end
if ARGV[2] == 'end' then
  redis.call('DEL', KEYS[1])
elseif ARGV[2] == 'release' then
  redis.call('HDEL', KEYS[1], 'holder', 'until')
else
  local time = redis.call('TIME')
  redis.call('HSET', KEYS[1], 'until', string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[2]))
end
return 1
