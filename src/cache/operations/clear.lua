--- @include "registry.lua"
-- Removes all entries of namespaces of one partition.
--
-- KEYS  1 the partition's registry
-- ARGV  1 what the keys of the partition's namespaces begin with   2... their names; none for any thousand of them
-- Reply how many namespaces are left.
--
-- Atomic, because a namespace must leave the registry with its entries. The server frees their memory in the background.
local registry = KEYS[1]
local names = {}
for at = 2, #ARGV do names[#names + 1] = ARGV[at] end
if #names == 0 then
  if redis.call('TYPE', registry).ok ~= 'zset' then
    -- Without it all namespaces are empty.
    redis.call('UNLINK', registry)
    return 0
  end
  names = redis.call('ZRANGE', registry, 0, 999)
end
for _, name in ipairs(names) do
  local own = ARGV[1] .. name
  redis.call('UNLINK', own .. 'permanent', own .. 'expiring', own .. 'deadlines')
  redis.call('ZREM', registry, name)
end
expire_registry(registry)
return redis.call('ZCARD', registry)
