--- @include "members.lua"
-- Deletes an item with all of its documents.
--
-- KEYS  1 the item's document
--       2 to 6 the namespace's members by name, by update, by deadline; the partition's registry, its recent namespaces
-- ARGV  1 the item's member in the sorted sets   2 the namespace's name in the registry
-- Reply 1 when there was such an item, else 0.
--
-- Atomic, because an item's vectors must go with it, and its namespace must leave the registry with the last item.
local item, own = KEYS[1], own_keys(2, ARGV[2])
local parts = redis.call('HGET', item, 'parts')
local deleted = unlink_documents(item, parts)
remove_member(own, ARGV[1])
-- When only items that expire are left, what the namespace knows of them has to go with the last of these.
expire_with_last(own)
unregister_empty(own)
return deleted
