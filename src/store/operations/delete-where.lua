--- @include "../items/members.lua"
-- Deletes items of one namespace that are still as they were when they were looked at.
--
-- KEYS  1 to 5 the namespace's members by name, by update, by deadline; the partition's registry, its recent namespaces
-- ARGV  1 what the keys of the namespace's documents begin with
--       2 the namespace's name in the registry
--       3... for each item: its member, the version that it must have
-- Reply { items that were deleted, members of items that have another version by now... }
--
-- Atomic, because an item must go with all of its documents, and not when it was put again; and its namespace must leave
-- the registry with the last item.
local own = own_keys(1, ARGV[2])
local reply = { 0 }
for at = 3, #ARGV, 2 do
  local member = ARGV[at]
  local item = ARGV[1] .. member
  local meta, parts = unpack(redis.call('HMGET', item, 'meta', 'parts'))
  if meta and string.match(meta, '^%d+ %d+ (%d+)') ~= ARGV[at + 1] then
    reply[#reply + 1] = member
  elseif meta then
    reply[1] = reply[1] + unlink_documents(item, parts)
    remove_member(own, member)
  end
end
-- When only items that expire are left, what the namespace knows of them has to go with the last of these.
expire_with_last(own)
unregister_empty(own)
return reply
