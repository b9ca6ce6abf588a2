-- Writes the content of an item, and what it is found by, as it is encrypted at present.
--
-- KEYS  1 the item's document
-- ARGV  1 the version that the item must have
--       2 its field "value"   3 its field "fields", or ""   4 its field "paths"   5 its field "words"
--       6... digests of the texts that its vectors were made from: one as it may be stored, and what takes its place
-- Reply 1 when it was done, 0 when the item was changed or deleted meanwhile.
--
-- Atomic, because an item must be found by what it holds. Version, times and vectors stay; of a text that is not among those
-- given, nothing stays.
local item = KEYS[1]
local meta, parts, words = unpack(redis.call('HMGET', item, 'meta', 'parts', 'words'))
if string.match(meta or '', '^%d+ %d+ (%d+)') ~= ARGV[1] then return 0 end
local digests = {}
for at = 6, #ARGV, 2 do digests[ARGV[at]] = ARGV[at + 1] end

-- In one command: after each the search engine indexes the document again.
local function rewrite(document, fields)
  for _, field in ipairs(redis.call('HKEYS', document)) do
    if string.match(field, '^text:%d+$') then
      fields[#fields + 1] = field
      fields[#fields + 1] = digests[redis.call('HGET', document, field)] or ''
    end
  end
  redis.call('HSET', document, unpack(fields))
end

local own = { 'value', ARGV[2], 'paths', ARGV[4] }
if ARGV[3] ~= '' then
  own[#own + 1] = 'fields'
  own[#own + 1] = ARGV[3]
end
if words then
  own[#own + 1] = 'words'
  own[#own + 1] = ARGV[5]
end
rewrite(item, own)
for part in string.gmatch(parts or '', '%S+') do rewrite(item .. ':' .. part, { 'paths', ARGV[4] }) end
return 1
