-- Stores one checkpoint.
--
-- ARGV  1 the checkpoint's field
--       2 time to live in milliseconds, or ''
--       3 the parent's field, or ''
--       4 the record's head without its channels and closing brace
--       5 the record's body
--       6 the number of channels; name and reference of each follow, '' for "as in the parent"
--       then the chunks, see admit.lua
-- Reply { chunks that are missing, channels that the parent cannot give }; stored only if both are empty.
--
-- Atomic, because a checkpoint must not become visible without its chunks, nor be listed without its record, and
-- because the parent's references must not be freed between reading and writing them.
local field, ttl, parent_field, head, body = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local channels_end = 6 + 2 * tonumber(ARGV[6])

local parent, versions
local function parents_reference(channel)
  if parent == nil then
    local record = parent_field ~= '' and redis.call('HGET', CHECKPOINTS, parent_field)
    parent = record and head_of(record) or false
    versions = cjson.decode(head .. '}').versions
  end
  -- Only the same version is the same value: a fork names a parent that may be further back.
  if parent and parent.versions[channel] == versions[channel] then
    return parent.channels[channel]
  end
end

local members, references, not_inherited = {}, {}, {}
for i = 7, channels_end, 2 do
  local channel, reference = ARGV[i], ARGV[i + 1]
  if reference == '' then reference = parents_reference(channel) end
  if reference then
    members[#members + 1] = cjson.encode(channel) .. ':' .. cjson.encode(reference)
    references[#references + 1] = reference
  else
    not_inherited[#not_inherited + 1] = channel
  end
end

local received = received_chunks(channels_end + 1)
local missing = missing_chunks(references, received)
if #missing > 0 or #not_inherited > 0 then return { missing, not_inherited } end

store_chunks(received)
local record = head .. ',"channels":{' .. table.concat(members, ',') .. '}}\n' .. body
redis.call('HSET', CHECKPOINTS, field, record)
redis.call('ZADD', ORDER, 0, field)
extend_life(ttl)
return { {}, {} }
