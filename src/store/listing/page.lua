--- @include "../items/members.lua"
-- Reads some items of one namespace, by what it knows of their order.
--
-- KEYS  1 to 5 the namespace's members by name, by update, by deadline; the partition's registry, its recent namespaces
-- ARGV  1 what the keys of the namespace's documents begin with
--       2 the namespace's name in the registry
--       3 which of the KEYS has the order, 1 or 2   4 ZRANGE or ZREVRANGE
--       5 how many items to pass over   6 how many to read then   7 how many members to name, from the first one on
-- Reply { how many items there are, { member, score, ... }, { { member, value, meta }, ... } }
--
-- Atomic, because a page must be of one moment, and full. Members whose document is gone, as it expired or was evicted, are
-- taken off before anything is counted.
local own = own_keys(1, ARGV[2])
local base, key, command = ARGV[1], KEYS[tonumber(ARGV[3])], ARGV[4]
local offset, limit, names = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
remove_expired(own, now_in_milliseconds(), 1000)

local page = {}
repeat
  local gone = false
  local from = offset + #page
  local members = #page < limit and redis.call(command, key, from, offset + limit - 1) or {}
  for _, member in ipairs(members) do
    local value, meta = unpack(redis.call('HMGET', base .. member, 'value', 'meta'))
    if value then
      page[#page + 1] = { member, value, meta }
    else
      remove_member(own, member)
      gone = true
    end
  end
  if gone then expire_with_last(own) end
until not gone
unregister_empty(own)
local named = names > 0 and redis.call(command, key, 0, names - 1, 'WITHSCORES') or {}
return { redis.call('ZCARD', own.keys), named, page }
