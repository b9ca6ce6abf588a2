--- @include "members.lua"
-- Deletes an item with all of its documents.
--
-- KEYS  1 the item's document   2 the namespace's items   3 the namespace's deadlines
-- ARGV  1 the item's member in the sorted sets
-- Reply 1 when the namespace still has items, 0 when it has none.
--
-- Atomic, because an item's vectors must go with it, and the namespace must know whether it was the last.
local item, items, deadlines = KEYS[1], KEYS[2], KEYS[3]
local parts = redis.call('HGET', item, 'parts')
unlink_documents(item, parts)
remove_member(items, deadlines, ARGV[1])
-- When only items that expire are left, what the namespace knows of them has to go with the last of these.
expire_with_last(items, deadlines)
return redis.call('EXISTS', items)
