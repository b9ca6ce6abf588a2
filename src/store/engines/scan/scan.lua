--- @include "../../items/members.lua"
-- Reads some items of one namespace with what a search compares, in lexical order of their members.
--
-- KEYS  1 to 5 the namespace's members by name, by update, by deadline; the partition's registry, its recent namespaces
-- ARGV  1 what the keys of the namespace's documents begin with
--       2 where to begin, as ZRANGEBYLEX takes it
--       3 how many items at most
--       4 the namespace's name in the registry
--       5... names of fields to read of each of an item's documents; none for the value only
-- Reply for each item { member, value, meta, { field, ... } of its document, { field, ... } of each further one }: as many
--       as were allowed when there may be more
--
-- Atomic, because an item's value and vectors must be of one version. Members whose document is gone, as it expired or
-- was evicted, are taken off, so that what the namespace knows of itself becomes true again.
local own = own_keys(1, ARGV[4])
local base = ARGV[1]

local function read(key)
  local fields = {}
  for index = 5, #ARGV do fields[#fields + 1] = ARGV[index] end
  return redis.call('HMGET', key, unpack(fields))
end

local reply = {}
for index, member in ipairs(redis.call('ZRANGEBYLEX', own.keys, ARGV[2], '+', 'LIMIT', 0, ARGV[3])) do
  local key = base .. member
  local value, meta, parts = unpack(redis.call('HMGET', key, 'value', 'meta', 'parts'))
  local item = { member, value, meta }
  if not value then
    remove_member(own, member)
  elseif #ARGV > 4 then
    item[4] = read(key)
    for part in string.gmatch(parts or '', '%S+') do item[#item + 1] = read(key .. ':' .. part) end
  end
  reply[index] = item
end
unregister_empty(own)
return reply
