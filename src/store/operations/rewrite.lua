-- Describes an item anew for another generation of the index, beside what the present one has of it.
--
-- KEYS  1 the item's document
-- ARGV  1 the version that the item must have
--       2 the generation
--       3 names of the further documents of this generation, each with a space behind it
--       4 number of field arguments shared by all documents, then these
--       then, for the item's document and for each further one: number of field arguments, then these
-- Reply 1 when it was done, 0 when the item was changed or deleted meanwhile.
--
-- Atomic, because an item's documents must all be of one version of it, and expire together.
local item = KEYS[1]
local meta, oldParts = unpack(redis.call('HMGET', item, 'meta', 'parts'))
if string.match(meta or '', '%d+$') ~= ARGV[1] then return 0 end

-- What an interrupted run has written for this generation is written again.
local kept = ''
for part in string.gmatch(oldParts or '', '%S+') do
  if string.sub(part, 1, #ARGV[2] + 1) == ARGV[2] .. '.' then
    redis.call('UNLINK', item .. ':' .. part)
  else
    kept = kept .. part .. ' '
  end
end

local function fields(from)
  local count = tonumber(ARGV[from])
  return from + 1, from + count
end

local life = redis.call('PTTL', item)
local sharedFrom, sharedTo = fields(4)
local function write(key, from, to, ...)
  local args = { ... }
  for index = sharedFrom, sharedTo do args[#args + 1] = ARGV[index] end
  for index = from, to do args[#args + 1] = ARGV[index] end
  redis.call('HSET', key, unpack(args))
  if life > 0 then redis.call('PEXPIRE', key, life) end
end

local from, to = fields(sharedTo + 1)
write(item, from, to, 'generation', ARGV[2], 'parts', kept .. ARGV[3])
for part in string.gmatch(ARGV[3], '%S+') do
  from, to = fields(to + 1)
  write(item .. ':' .. part, from, to)
end
return 1
