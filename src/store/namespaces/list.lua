-- Reads the namespaces of some partitions that hold items, in lexical order.
--
-- KEYS  the registry and the recent namespaces of each partition
-- ARGV  1 how many names to look at in each registry   2 where to end, as ZRANGEBYLEX takes it
--       then, for each registry: what the keys of its namespaces begin with, and where to begin
-- Reply for each registry { the last name that was looked at, or "" at the end of the registry, { name, ... } }
--
-- Atomic, because a namespace whose items have all expired, or were evicted, is taken off here, and must not be when
-- somebody puts an item just now.
local count, to = ARGV[1], ARGV[2]
local reply = {}
for index = 1, #KEYS / 2 do
  local registry, recent = KEYS[2 * index - 1], KEYS[2 * index]
  local base, from = ARGV[2 * index + 1], ARGV[2 * index + 2]
  local names = redis.call('ZRANGEBYLEX', registry, from, to, 'LIMIT', 0, count)
  local living = {}
  for _, name in ipairs(names) do
    if redis.call('EXISTS', base .. name .. 'keys') == 1 then
      living[#living + 1] = name
    else
      redis.call('ZREM', registry, name)
      redis.call('ZREM', recent, name)
    end
  end
  reply[index] = { #names == tonumber(count) and names[#names] or '', living }
end
return reply
