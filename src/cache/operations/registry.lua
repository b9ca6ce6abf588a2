-- The registry of a partition: its namespaces by the moment at which their last entry expires.
--
-- A namespace that is not registered is empty, whatever its keys hold. So one registry that was cleared or evicted clears
-- all of the partition, and nothing old comes back.

-- Lets a registry live as long as the namespace in it that lives longest.
local function expire_registry(registry)
  local last = redis.call('ZREVRANGE', registry, 0, 0, 'WITHSCORES')[2]
  if last == 'inf' then
    redis.call('PERSIST', registry)
  elseif last then
    redis.call('PEXPIREAT', registry, last)
  end
end
