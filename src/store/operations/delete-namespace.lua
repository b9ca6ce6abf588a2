--- @include "../items/members.lua"
-- Deletes items of one namespace, at most so many, and only what was there when the deleting began.
--
-- KEYS  1 the namespace's items   2 the namespace's deadlines   3 the partition's registry
-- ARGV  1 what the keys of the namespace's documents begin with
--       2 the time in milliseconds when the deleting began: what was put later stays
--       3 how many items at most
--       4 the namespace's name in the registry
-- Reply { items that were looked at, items that were deleted }; fewer looked at than allowed means that it is done.
--
-- Atomic, because an item must go with all of its documents, and not while it is being put again; and its namespace
-- must leave the registry with the last item.
local items, deadlines = KEYS[1], KEYS[2]
local members = redis.call('ZRANGEBYSCORE', items, '-' .. ARGV[2], '+inf', 'LIMIT', 0, ARGV[3])
local deleted = 0
for _, member in ipairs(members) do
  local item = ARGV[1] .. member
  local parts = redis.call('HGET', item, 'parts')
  deleted = deleted + unlink_documents(item, parts)
  remove_member(items, deadlines, member)
end
-- When only items that expire are left, what the namespace knows of them has to go with the last of these.
expire_with_last(items, deadlines)
unregister_empty(items, KEYS[3], ARGV[4])
return { #members, deleted }
