--- @include "members.lua"
--- @include "documents.lua"
-- Writes an item with all of its documents, or refuses to.
--
-- KEYS  1 the item's document   2 the definition of the index that serves in the partition
--       3 to 7 the namespace's members by name, by update, by deadline; the partition's registry, its recent namespaces
-- ARGV  1 token of this operation: running it again changes nothing
--       2 condition: "" none, "absent", or the version that the item must have
--       3 time to live in milliseconds, "0" for ever
--       4 the item's member in the sorted sets
--       5 what follows the time in the item's place in order
--       6 the namespace's name in the registry
--       7 fence of the definition that the documents were made for
--       8 names of the further documents, each with a space behind it
--       9... the documents, as documents.lua takes them
-- Reply { 1, its field "meta" } when the item is as asked, { 0, stored version or "" } when the condition does not hold,
--       { -1, serving definition or "" } when the documents are not for the index that serves, or nobody has said yet
--       which one does. Then nothing was written.
--
-- Atomic, because a reader must never find the new value with an old vector, nor two writers both be first, nor a
-- namespace with items be missing in the registry, nor an item be written for an index that serves no more.
local item, own = KEYS[1], own_keys(3, ARGV[6])
local token, condition, ttl, member = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local orderTail, fence, parts = ARGV[5], tonumber(ARGV[7]), ARGV[8]

local meta, tokens, oldParts = unpack(redis.call('HMGET', item, 'meta', 'tokens', 'parts'))
local created, version = string.match(meta or '', '^(%d+) %d+ (%d+)')
-- The last few operations are remembered, newest first: one that is sent again has happened, even if others came after it.
-- With those that were followed by another one stands the version that they gave; it is a time, in microseconds.
tokens = tokens or ''
local known = string.find(tokens, token, 1, true)
if known == 1 then return { 1, meta } end
if known then
  local given = string.match(tokens, '^:(%d+)', known + #token)
  return { 1, created .. ' ' .. string.sub(given, 1, -4) .. ' ' .. given .. (ttl > 0 and ' ' .. ARGV[3] or '') }
end
if tokens ~= '' then
  tokens = string.gsub(tokens, ' ', ':' .. version .. ' ', 1)
  tokens = string.match(tokens, '^%S+ %S+ %S+ ') or tokens
end
local serving = redis.call('GET', KEYS[2]) or ''
if tonumber(string.match(serving, '^%d+') or math.huge) > fence then return { -1, serving } end
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
redis.call('ZADD', own.keys, 0, member)
redis.call('ZADD', own.updates, '-' .. stamp, member)
-- Less is later: when the server's clock was set back, no item may be newer than this says.
redis.call('ZADD', own.recent, 'LT', '-' .. stamp, own.name)
if redis.call('ZADD', own.registry, 0, own.name) == 1 then
  -- A registry that grows also loses names: of namespaces whose items have all expired, which no script sees.
  local base = string.sub(own.keys, 1, -1 - #(own.name .. 'keys'))
  for _, other in ipairs(redis.call('ZRANDMEMBER', own.registry, 3)) do
    unregister_empty({ keys = base .. other .. 'keys', registry = own.registry, recent = own.recent, name = other })
  end
end
unlink_documents(item, oldParts)

local deadline = ttl > 0 and string.format('%.0f', now + ttl)
meta = (created or stamp) .. ' ' .. stamp .. ' ' .. next .. (deadline and ' ' .. ARGV[3] or '')
write_documents(9, item, parts, deadline and { 'PEXPIREAT', deadline }, {
  meta = meta,
  tokens = token .. ' ' .. tokens,
  order = string.format('%014.0f', 99999999999999 - now) .. orderTail,
})

local is_expiring = deadline or redis.call('EXISTS', own.deadlines) == 1
if is_expiring then
  remove_expired(own, now, 100, member)
  if deadline then
    redis.call('ZADD', own.deadlines, deadline, member)
  else
    redis.call('ZREM', own.deadlines, member)
  end
end
-- All of them expire, at the same time, or none does.
if not (is_expiring and expire_with_last(own)) and redis.call('PERSIST', own.keys) == 1 then
  redis.call('PERSIST', own.updates)
  redis.call('PERSIST', own.deadlines)
end
return { 1, meta }
