-- Takes the lease of a reindex(): decides who may build an index, and which.
--
-- KEYS  1 the definition of the index that serves   2 the state of reindex()
-- ARGV  1 who wants it   2 for how many milliseconds
--       3 the definition that was read   4 the plan that was read, or ""
--       5 the plan to follow: the one that was read, to go on with it, or a new one
-- Reply 1 when the lease is taken, 0 when definition or plan were changed meanwhile; the plan that somebody else carries
--       out when they hold the lease, which may have been taken after the plan was read.
--
-- Atomic, because two that decide at the same time must not both begin.
local holder, till, plan = unpack(redis.call('HMGET', KEYS[2], 'holder', 'until', 'plan'))
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if holder and holder ~= ARGV[1] and tonumber(till) > now then return plan end
if redis.call('GET', KEYS[1]) ~= ARGV[3] or (plan or '') ~= ARGV[4] then return 0 end
if ARGV[4] ~= ARGV[5] then redis.call('HSET', KEYS[2], 'plan', ARGV[5], 'phase', 'building') end
redis.call('HSET', KEYS[2], 'holder', ARGV[1], 'until', string.format('%.0f', now + ARGV[2]))
return 1
