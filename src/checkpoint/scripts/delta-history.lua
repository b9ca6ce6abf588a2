--- @include "common.lua"
--- @include "registry.lua"
--- @include "read-common.lua"
-- Returns a page of the ancestors of a checkpoint, nearest first, for the client to find the writes and stored values of some
-- channels. It ends after so many ancestors or bytes, or with the one in which the last of the channels has a value.
--
-- ARGV  1 "<" and the field of the checkpoint whose parent is the first ancestor; or "^" and the prefix of a namespace,
--         whose latest checkpoint that is; or "=" and the field of the first ancestor itself
--       2 the largest number of ancestors
--       3 the number of bytes, of records, pending writes and chunks together, after which the page ends
--       4.. names of channels; then BATCH, see read-common.lua
-- Reply see reply_with in read-common.lua; the rows are { field, record, pending writes }. The chunks are those of the writes, and of
-- ancestors that have a value of one of the channels, as far as their headers tell. Then
--       4 the field of the next ancestor, or '' when there is none or none is needed
-- Or "gone", when there is no such checkpoint any more.
--
-- Atomic, because an ancestor, its pending writes and its chunks must be of one moment.
local from, field, limit, budget = string.sub(ARGV[1], 1, 1), string.sub(ARGV[1], 2), tonumber(ARGV[2]), tonumber(ARGV[3])
local prefix = prefix_of(field)
local rows, chunks = {}, new_chunks()

local function reply_to(next_field)
  local reply = reply_with(rows, chunks)
  reply[4] = next_field or ''
  return reply
end

-- The field of the parent if it is there. A parent that a delta channel is read from cannot be removed.
local function parent_of(header)
  local parent = header.p and prefix .. header.p
  if not parent or redis.call('HEXISTS', CHECKPOINTS, parent) == 1 then return parent end
  if redis.call('ZSCORE', INDEX, 'c:' .. parent) or header.n == 1 and not header.o then error('LOST checkpoint.', 0) end
end

if not thread_exists() then return from == '=' and 'gone' or reply_to() end
local ancestor = field
if from == '=' then
  -- It was there when the page before was read.
  if redis.call('HEXISTS', CHECKPOINTS, field) == 0 then return 'gone' end
else
  if from == '^' then field = latest_field(prefix) end
  if from == '<' and refusal(field, 'all') ~= '' and not is_to_come(field) then return 'gone' end
  local record = field and redis.call('HGET', CHECKPOINTS, field)
  if field and not record and redis.call('ZSCORE', INDEX, 'c:' .. field) then error('LOST checkpoint.', 0) end
  ancestor = record and parent_of(header_of(record))
end

local open, count = {}, 0
for i = 4, #ARGV - 1 do
  open['+' .. ARGV[i]] = true
  count = count + 1
end
while ancestor and count > 0 and #rows < limit and chunks.bytes < budget do
  local record = redis.call('HGET', CHECKPOINTS, ancestor)
  local header = header_of(record)
  chunks.bytes = chunks.bytes + #record
  rows[#rows + 1] = { ancestor, record, writes_of(ancestor, chunks) }
  local has_value = false
  for _, channel in ipairs(header.d or {}) do
    if open[channel] then
      open[channel] = nil
      count = count - 1
      has_value = true
    end
  end
  if has_value then collect_chunks(header.c or '', chunks) end
  ancestor = parent_of(header)
end
return reply_to(count > 0 and ancestor)
