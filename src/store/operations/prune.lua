-- Removes what an item has for indexes other than the one of one generation.
--
-- KEYS  1... the items' documents
-- ARGV  1 the generation that stays   2 "1" when its index has words, else "0"
-- Reply the number of items that had something of another one.
--
-- Atomic, because the names of an item's documents must be those that exist.
local keep = ARGV[1]
local pruned = 0
for _, item in ipairs(KEYS) do
  local generation, parts = unpack(redis.call('HMGET', item, 'generation', 'parts'))
  if generation == keep then
    local kept, gone = '', false
    for part in string.gmatch(parts or '', '%S+') do
      if string.sub(part, 1, #keep + 1) == keep .. '.' then
        kept = kept .. part .. ' '
      else
        redis.call('UNLINK', item .. ':' .. part)
        gone = true
      end
    end
    if gone and kept ~= '' then redis.call('HSET', item, 'parts', kept) end
    if kept == '' then redis.call('HDEL', item, 'parts') end
    if ARGV[2] == '0' and redis.call('HDEL', item, 'words') == 1 then gone = true end
    for _, field in ipairs(redis.call('HKEYS', item)) do
      local kind, generation = string.match(field, '^(%a+):(%d+)$')
      if (kind == 'vector' or kind == 'text') and generation ~= keep then
        redis.call('HDEL', item, field)
        gone = true
      end
    end
    if gone then pruned = pruned + 1 end
  end
end
return pruned
