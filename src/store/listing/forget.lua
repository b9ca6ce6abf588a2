--- @include "../items/members.lua"
-- Takes members off a namespace whose documents are gone, as they expired or were evicted.
--
-- KEYS  1 to 5 the namespace's members by name, by update, by deadline; the partition's registry, its recent namespaces
-- ARGV  1 what the keys of the namespace's documents begin with   2 the namespace's name in the registry   3... members
--
-- Atomic, because somebody may put one of them just now.
local own = own_keys(1, ARGV[2])
for index = 3, #ARGV do
  if redis.call('EXISTS', ARGV[1] .. ARGV[index]) == 0 then remove_member(own, ARGV[index]) end
end
expire_with_last(own)
unregister_empty(own)
