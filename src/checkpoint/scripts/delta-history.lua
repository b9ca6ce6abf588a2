--- @include "common.lua"
--- @include "registry.lua"
--- @include "read-common.lua"
-- Walks the ancestors of a checkpoint for the writes and stored values of some channels.
--
-- ARGV  1 "<" and the field of the checkpoint whose parent is the first ancestor; or "^" and the prefix of a namespace,
--         whose latest checkpoint that is; or "=" and the field of the first ancestor itself
--       2 the largest number of ancestors to look at
--       3.. names of channels; then BATCH, see read-common.lua
-- Reply as in read-common.lua, rows of ancestors from the nearest to the one in which the last of the channels has a value as a delta
-- channel; then the field to go on from, or '' at the end. Or "gone", when there is no such checkpoint any more.
--
-- Atomic, because all chunks must be there when they are read.
local from, field, limit = string.sub(ARGV[1], 1, 1), string.sub(ARGV[1], 2), tonumber(ARGV[2])
local prefix = prefix_of(field)
local open, count = {}, 0
for i = 3, #ARGV - 1 do
  open['+' .. ARGV[i]] = true
  count = count + 1
end

local rows, chunks = {}, new_chunks()
if not thread_exists() then
  local reply = reply_with(rows, chunks)
  reply[4] = ''
  return from == '=' and 'gone' or reply
end
local ancestor = field
if from == '=' then
  -- It was there when the page before was read.
  if redis.call('HEXISTS', CHECKPOINTS, field) == 0 then return 'gone' end
else
  if from == '^' then field = latest_field(field) end
  if from == '<' and refusal(field, 'all') ~= '' and not is_to_come(field) then return 'gone' end
  local record = field and redis.call('HGET', CHECKPOINTS, field)
  local parent = record and header_of(record).p
  ancestor = parent and prefix .. parent
end

while ancestor and count > 0 and limit > 0 do
  local record = redis.call('HGET', CHECKPOINTS, ancestor)
  if not record then ancestor = nil break end
  local header = header_of(record)
  rows[#rows + 1] = { ancestor, record, writes_of(ancestor, chunks) }
  collect_chunks(header.c or '', chunks)
  for _, channel in ipairs(header.d or {}) do
    if open[channel] then
      open[channel] = nil
      count = count - 1
    end
  end
  limit = limit - 1
  ancestor = header.p and prefix .. header.p
end
local reply = reply_with(rows, chunks)
reply[4] = count > 0 and ancestor and redis.call('HEXISTS', CHECKPOINTS, ancestor) == 1 and ancestor or ''
return reply
