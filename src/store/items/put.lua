-- Writes an item with all of its documents, or refuses to.
--
-- KEYS  1 the item's document   2 the namespace's items   3 the namespace's deadlines
-- ARGV  1 token of this operation: running it again changes nothing
--       2 condition: "" none, "absent", or the version that the item must have
--       3 time to live in milliseconds, "0" for ever
--       4 the item's member in the sorted sets
--       5 what follows the time in the item's place in order
--       6 names of the further documents, each with a space behind it
--       7 number of field arguments shared by all documents, then these
--       then, for the item's document and for each further one: number of field arguments, then these
-- Reply { 1, version } when the item is as asked, { 0, stored version or "" } when the condition does not hold.
--
-- Atomic, because a reader must never find the new value with an old vector, nor two writers both be first.
local item, items, deadlines = KEYS[1], KEYS[2], KEYS[3]
local token, condition, ttl, member = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local orderTail, parts = ARGV[5], ARGV[6]

local meta, tokens, oldParts = unpack(redis.call('HMGET', item, 'meta', 'tokens', 'parts'))
local created, version = string.match(meta or '', '^(%d+) %d+ (%d+)$')
-- The last few operations are remembered: one that is sent again has happened, even if others came after it.
tokens = string.sub(tokens or '', 1, 3 * (#token + 1))
if string.find(tokens, token, 1, true) then return { 1, version } end
if condition == 'absent' then
  if version then return { 0, version } end
elseif condition ~= '' and condition ~= version then
  return { 0, version or '' }
end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local next = time[1] * 1000000 + time[2]
-- Greater than before, even when the server's clock was set back.
if version and next <= tonumber(version) then next = tonumber(version) + 1 end
next = string.format('%.0f', next)
local stamp = string.format('%.0f', now)

-- The first write: a server without memory refuses it, and with it the whole script. Behind one that frees memory
-- everything would be let through.
redis.call('ZADD', items, '-' .. stamp, member)
redis.call('UNLINK', item)
for part in string.gmatch(oldParts or '', '%S+') do redis.call('UNLINK', item .. ':' .. part) end

local function fields(from)
  local count = tonumber(ARGV[from])
  return from + 1, from + count
end

local sharedFrom, sharedTo = fields(7)
local function write(key, from, to, ...)
  local args = { ... }
  for index = sharedFrom, sharedTo do args[#args + 1] = ARGV[index] end
  for index = from, to do args[#args + 1] = ARGV[index] end
  redis.call('HSET', key, unpack(args))
  if ttl > 0 then redis.call('PEXPIREAT', key, string.format('%.0f', now + ttl)) end
end

local from, to = fields(sharedTo + 1)
write(item, from, to,
  'meta', (created or stamp) .. ' ' .. stamp .. ' ' .. next, 'tokens', token .. ' ' .. tokens, 'parts', parts, 'ttl', ARGV[3],
  'order', string.format('%014.0f', 99999999999999 - now) .. orderTail)
for part in string.gmatch(parts, '%S+') do
  from, to = fields(to + 1)
  write(item .. ':' .. part, from, to)
end

for _, expired in ipairs(redis.call('ZRANGEBYSCORE', deadlines, '-inf', stamp, 'LIMIT', 0, 100)) do
  if expired ~= member then
    redis.call('ZREM', items, expired)
    redis.call('ZREM', deadlines, expired)
  end
end
if ttl > 0 then
  redis.call('ZADD', deadlines, string.format('%.0f', now + ttl), member)
else
  redis.call('ZREM', deadlines, member)
end
-- When everything in the namespace expires, so does what the namespace knows of it, with the last of its items.
if redis.call('ZCARD', items) == redis.call('ZCARD', deadlines) then
  local last = redis.call('ZREVRANGE', deadlines, 0, 0, 'WITHSCORES')[2]
  redis.call('PEXPIREAT', items, last)
  redis.call('PEXPIREAT', deadlines, last)
else
  redis.call('PERSIST', items)
  redis.call('PERSIST', deadlines)
end
return { 1, next }
