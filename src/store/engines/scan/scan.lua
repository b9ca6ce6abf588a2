--- @include "../../items/members.lua"
-- Reads some items of one namespace with what a search compares, in lexical order of their members.
--
-- KEYS  1 to 5 the namespace's members by name, by update, by deadline; the partition's registry, its recent namespaces
-- ARGV  1 what the keys of the namespace's documents begin with
--       2 where to begin, as ZRANGEBYLEX takes it
--       3 how many items at most
--       4 the namespace's name in the registry
--       5 how many of the fields below are read of the item's own document as such, then the names of these
--       then, names of the fields to read of each of an item's documents; none if these are not wanted
-- Reply for each item { member, { field, ... }, { field, ... } of its document, { field, ... } of each further one }, or
--       { member } alone when it is gone; behind them 1 when there are more
--
-- Atomic, because an item's value and vectors must be of one version. Members whose document is gone, as it expired or
-- was evicted, are taken off, so that what the namespace knows of itself becomes true again.
local own = own_keys(1, ARGV[4])
local base, count, last = ARGV[1], tonumber(ARGV[3]), 5 + ARGV[5]

local reply, gone = {}, false
for index, member in ipairs(redis.call('ZRANGEBYLEX', own.keys, ARGV[2], '+', 'LIMIT', 0, count + 1)) do
  if index > count then
    reply[index] = 1
    break
  end
  local key = base .. member
  local fields = redis.call('HMGET', key, 'meta', 'parts', unpack(ARGV, 6, last))
  local item = { member }
  if not fields[1] then
    remove_member(own, member)
    gone = true
  else
    item[2] = { unpack(fields, 3, last - 3) }
    if #ARGV > last then
      item[3] = redis.call('HMGET', key, unpack(ARGV, last + 1))
      for part in string.gmatch(fields[2] or '', '%S+') do
        item[#item + 1] = redis.call('HMGET', key .. ':' .. part, unpack(ARGV, last + 1))
      end
    end
  end
  reply[index] = item
end
if gone then expire_with_last(own) end
unregister_empty(own)
return reply
