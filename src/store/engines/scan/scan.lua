--- @include "../../items/members.lua"
-- Reads some items of one namespace with what a search compares, in order of their last update.
--
-- KEYS  1 the namespace's items   2 the namespace's deadlines   3 the partition's registry
-- ARGV  1 what the keys of the namespace's documents begin with
--       2 "newest" or "oldest" first
--       3 and 4 score and member of the last item read before, both "" to begin
--       5 how many items at most
--       6 the namespace's name in the registry
--       7... names of fields to read of each of an item's documents; none for the value only
-- Reply { items left behind the last one, score of the last one, then for each item
--         { member, value, meta, { field, ... } of its document, { field, ... } of each further one } }
--
-- Atomic, because an item's value and vectors must be of one version. Members whose document is gone, as it expired or
-- was evicted, are taken off, so that what the namespace knows of itself becomes true again.
local items, deadlines = KEYS[1], KEYS[2]
local base, order, lastScore, lastMember, count = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local newest = order == 'newest'

-- Compares as the sorted set does, by bytes. Lua's own comparison follows the server's locale.
local function less(a, b)
  for at = 1, math.min(#a, #b) do
    local x, y = string.byte(a, at), string.byte(b, at)
    if x ~= y then return x < y end
  end
  return #a < #b
end

-- Whether a member with the score of the last one was read before: it is that one, or comes before it.
local function was_read(member)
  if newest then return not less(lastMember, member) end
  return not less(member, lastMember)
end

local command = newest and 'ZRANGEBYSCORE' or 'ZREVRANGEBYSCORE'
local first = lastScore == '' and (newest and '-inf' or '+inf') or lastScore
local last = newest and '+inf' or '-inf'
-- Items of the same millisecond as the last one are ordered by member, and those up to it were read before.
local ties = lastScore == '' and 0 or redis.call('ZCOUNT', items, lastScore, lastScore)
local found = redis.call(command, items, first, last, 'WITHSCORES', 'LIMIT', 0, count + ties)

local function read(key)
  local fields = {}
  for index = 7, #ARGV do fields[#fields + 1] = ARGV[index] end
  return redis.call('HMGET', key, unpack(fields))
end

local reply, taken, score, gone = { 0, lastScore }, 0, lastScore, {}
for index = 1, #found, 2 do
  local member, own = found[index], found[index + 1]
  if not (own == lastScore and was_read(member)) and taken < count then
    taken = taken + 1
    score = own
    local key = base .. member
    local value, meta, parts = unpack(redis.call('HMGET', key, 'value', 'meta', 'parts'))
    local item = { member, value, meta }
    if not value then
      gone[#gone + 1] = member
    elseif #ARGV > 6 then
      item[4] = read(key)
      for part in string.gmatch(parts or '', '%S+') do item[#item + 1] = read(key .. ':' .. part) end
    end
    reply[#reply + 1] = item
  end
end
reply[2] = score
if taken > 0 then
  local at = redis.call(newest and 'ZRANK' or 'ZREVRANK', items, reply[#reply][1])
  reply[1] = redis.call('ZCARD', items) - at - 1
end
for _, member in ipairs(gone) do remove_member(items, deadlines, member) end
unregister_empty(items, KEYS[3], ARGV[6])
return reply
