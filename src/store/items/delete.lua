--- @include "members.lua"
-- Deletes an item with all of its documents.
--
-- KEYS  1 the item's document   2 the namespace's items   3 the namespace's deadlines   4 the partition's registry
-- ARGV  1 the item's member in the sorted sets   2 the namespace's name in the registry
-- Reply 1 when there was such an item, else 0.
--
-- Atomic, because an item's vectors must go with it, and its namespace must leave the registry with the last item.
local item, items, deadlines = KEYS[1], KEYS[2], KEYS[3]
local parts = redis.call('HGET', item, 'parts')
local deleted = unlink_documents(item, parts)
remove_member(items, deadlines, ARGV[1])
-- When only items that expire are left, what the namespace knows of them has to go with the last of these.
expire_with_last(items, deadlines)
unregister_empty(items, KEYS[4], ARGV[2])
return deleted
