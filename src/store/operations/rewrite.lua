--- @include "../items/documents.lua"
-- Describes an item anew for another generation of the index, beside what the present one has of it.
--
-- KEYS  1 the item's document   2 the definition of the index that serves in the partition
-- ARGV  1 the version that the item must have
--       2 the generation
--       3 names of the further documents of this generation, each with a space behind it
--       4... the documents, as documents.lua takes them
-- Reply 1 when it was done, 0 when the item was changed or deleted meanwhile, -1 when an index of a later generation
--       serves: somebody else's reindex() has come first.
--
-- Atomic, because an item's documents must all be of one version of it, and expire together.
local item = KEYS[1]
local serving = string.match(redis.call('GET', KEYS[2]) or '', '^%d+ (%d+)')
if tonumber(serving or '0') > tonumber(ARGV[2]) then return -1 end
local meta, oldParts = unpack(redis.call('HMGET', item, 'meta', 'parts'))
if string.match(meta or '', '^%d+ %d+ (%d+)') ~= ARGV[1] then return 0 end

-- What an interrupted run has written for this generation is written again.
local all, outdated = '', {}
for part in string.gmatch(oldParts or '', '%S+') do
  if string.sub(part, 1, #ARGV[2] + 1) == ARGV[2] .. '.' then
    outdated[#outdated + 1] = part
  else
    all = all .. part .. ' '
  end
end
all = all .. ARGV[3]

-- The first write: a server without memory refuses it, and with it the whole script. Behind one that frees memory
-- everything would be let through.
if all ~= '' then
  redis.call('HSET', item, 'generation', ARGV[2], 'parts', all)
else
  redis.call('HSET', item, 'generation', ARGV[2])
  if oldParts then redis.call('HDEL', item, 'parts') end
end
for _, part in ipairs(outdated) do redis.call('UNLINK', item .. ':' .. part) end

local life = redis.call('PTTL', item)
write_documents(4, item, ARGV[3], life > 0 and { 'PEXPIRE', life })
return 1
