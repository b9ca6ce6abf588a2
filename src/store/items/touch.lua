-- Starts the time to live of items again, and reads them.
--
-- KEYS  1 to 3 the namespace's members by name, by update, by deadline   4... the items' documents
-- ARGV  1... the items' members in the sorted sets, in the same order
-- Reply for each item: value, meta (both nil when there is no item)
--
-- Atomic, because all documents of an item, and what the namespace knows of it, must expire together.
local deadlines = KEYS[3]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local latest = 0
local replies = {}
for index = 4, #KEYS do
  local item, member = KEYS[index], ARGV[index - 3]
  local value, meta, ttl, parts = unpack(redis.call('HMGET', item, 'value', 'meta', 'ttl', 'parts'))
  ttl = tonumber(ttl or '0')
  if ttl > 0 then
    local deadline = string.format('%.0f', now + ttl)
    redis.call('PEXPIREAT', item, deadline)
    for part in string.gmatch(parts, '%S+') do redis.call('PEXPIREAT', item .. ':' .. part, deadline) end
    redis.call('ZADD', deadlines, deadline, member)
    latest = math.max(latest, now + ttl)
  end
  replies[#replies + 1] = { value, meta }
end
if latest > 0 then
  -- Keys without an expiry of their own stay so: then the namespace has items that do not expire.
  for index = 1, 3 do
    local left = redis.call('PTTL', KEYS[index])
    if left >= 0 and now + left < latest then
      redis.call('PEXPIREAT', KEYS[index], string.format('%.0f', latest))
    end
  end
end
return replies
