--- @include "registry.lua"
-- Stores entries of one namespace.
--
-- KEYS  1 entries without a time to live   2 entries with one   3 their deadlines   4 the partition's registry
-- ARGV  1 the namespace's name
--       then, for each entry: its name; its time to live in milliseconds, "0" for one that has expired, "" for ever; its value
-- Reply nothing.
--
-- Atomic, because an entry must be in one hash only, and its namespace in the registry as long as it has entries.
local permanent, expiring, deadlines, registry = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local past = string.format('%.0f', now)

if redis.call('ZSCORE', registry, ARGV[1]) then
  -- Keys of other types are noticed before anything is written.
  redis.call('HLEN', permanent)
  redis.call('HLEN', expiring)
  redis.call('ZCARD', deadlines)
elseif redis.call('EXISTS', permanent, expiring, deadlines) > 0 then
  -- Behind a command that frees memory Redis lets everything through, also where it has none left: so there is none without need.
  redis.call('UNLINK', permanent, expiring, deadlines)
end

for at = 2, #ARGV, 3 do
  local name, ttl, value = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  if ttl == '' then
    redis.call('HSET', permanent, name, value)
  elseif ttl ~= '0' then
    redis.call('HSET', expiring, name, value)
    redis.call('ZADD', deadlines, string.format('%.0f', now + ttl), name)
  end
  if ttl ~= '' then redis.call('HDEL', permanent, name) end
  if ttl == '' or ttl == '0' then
    redis.call('HDEL', expiring, name)
    redis.call('ZREM', deadlines, name)
  end
end

-- More than are stored, so that expired ones become fewer.
for _, name in ipairs(redis.call('ZRANGEBYSCORE', deadlines, '-inf', past, 'LIMIT', 0, #ARGV)) do
  redis.call('HDEL', expiring, name)
  redis.call('ZREM', deadlines, name)
end
local last = redis.call('ZREVRANGE', deadlines, 0, 0, 'WITHSCORES')[2]
if last then
  redis.call('PEXPIREAT', expiring, last)
  redis.call('PEXPIREAT', deadlines, last)
end
local expires = redis.call('HLEN', permanent) > 0 and '+inf' or last
if expires then
  redis.call('ZADD', registry, expires, ARGV[1])
else
  redis.call('ZREM', registry, ARGV[1])
end
-- Namespaces whose entries have all expired: their keys are gone.
for _, name in ipairs(redis.call('ZRANGEBYSCORE', registry, '-inf', past, 'LIMIT', 0, 10)) do
  redis.call('ZREM', registry, name)
end
expire_registry(registry)
