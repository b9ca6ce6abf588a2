--- @include "../items/members.lua"
-- Deletes items of one namespace, at most so many, and only what was there when the deleting began.
--
-- KEYS  1 to 5 the namespace's members by name, by update, by deadline; the partition's registry, its recent namespaces
-- ARGV  1 what the keys of the namespace's documents begin with
--       2 the time in milliseconds when the deleting began: what was put later stays
--       3 how many items to look at, at most
--       4 the namespace's name in the registry
--       5 where to begin, as ZRANGEBYLEX takes it
-- Reply { items that were deleted, the last member that was looked at, or nothing when there are no more }
--
-- Atomic, because an item must go with all of its documents, and not while it is being put again; and its namespace
-- must leave the registry with the last item.
local own = own_keys(1, ARGV[4])
local began, count = tonumber(ARGV[2]), tonumber(ARGV[3])
local members = redis.call('ZRANGEBYLEX', own.keys, ARGV[5], '+', 'LIMIT', 0, count)
local deleted = 0
for _, member in ipairs(members) do
  local item = ARGV[1] .. member
  local meta, parts = unpack(redis.call('HMGET', item, 'meta', 'parts'))
  if tonumber(string.match(meta or '', '^%d+ (%d+)') or 0) <= began then
    deleted = deleted + unlink_documents(item, parts)
    remove_member(own, member)
  end
end
-- When only items that expire are left, what the namespace knows of them has to go with the last of these.
expire_with_last(own)
unregister_empty(own)
return { deleted, #members == count and members[count] or nil }
