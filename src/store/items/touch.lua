-- Reads items with the moments at which they expire, and lets their time to live start again, where that is asked for.
--
-- KEYS  1 to 3 the namespace's members by name, by update, by deadline   4... the items' documents
-- ARGV  1 whether the time to live starts again: "1" or "0"
--       2 whether values are read: "1" or "0"
--       3... the items' members in the sorted sets, in the same order
-- Reply for each item: its field "meta", its deadline in milliseconds, its value; nil for what there is not, and for a value
--       that is not read
--
-- Atomic, because an item must be read with its own deadline, and all documents of an item, and what the namespace knows
-- of it, must expire together.
local deadlines = KEYS[3]
local refresh, with_values = ARGV[1] == '1', ARGV[2] == '1'
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local latest = 0
local replies = {}
for index = 4, #KEYS do
  local item, member = KEYS[index], ARGV[index - 1]
  local meta, parts = unpack(redis.call('HMGET', item, 'meta', 'parts'))
  local ttl = tonumber(string.match(meta or '', '^%d+ %d+ %d+ (%d+)') or '0')
  local deadline = false
  if ttl > 0 and refresh then
    deadline = string.format('%.0f', now + ttl)
    redis.call('PEXPIREAT', item, deadline)
    for part in string.gmatch(parts or '', '%S+') do redis.call('PEXPIREAT', item .. ':' .. part, deadline) end
    redis.call('ZADD', deadlines, deadline, member)
    latest = math.max(latest, now + ttl)
  elseif ttl > 0 then
    deadline = redis.call('ZSCORE', deadlines, member)
  end
  replies[#replies + 1] = { meta, deadline, with_values and redis.call('HGET', item, 'value') }
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
