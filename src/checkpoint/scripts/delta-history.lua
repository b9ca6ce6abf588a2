-- Walks the ancestors of a checkpoint for the writes and stored values of some channels.
--
-- ARGV  1 "<" and the field of the checkpoint whose parent is the first ancestor; or "^" and the prefix of a namespace,
--         whose latest checkpoint that is; or "=" and the field of the first ancestor itself
--       2 the largest number of ancestors to look at
--       3.. channels: name and encoded name of each; then BATCH, see read-common.lua
-- Reply as in read-common.lua, for each ancestor that holds something, from the nearest: { field, lines of its writes to the
-- channels, channels and references of the values that it holds }; then the field to go on from, or '' at the end.
-- A channel ends at the nearest ancestor that holds its value. Or "gone", when there is no such checkpoint any more.
--
-- Atomic, because all chunks must be there when they are read.
local from, field, limit = string.byte(ARGV[1]), string.sub(ARGV[1], 2), tonumber(ARGV[2])
local prefix = string.match(field, '^[^:]*:')
local open, encoded, count = {}, {}, 0
for i = 3, #ARGV - 1, 2 do
  open[ARGV[i]] = true
  encoded[ARGV[i + 1]] = ARGV[i]
  count = count + 1
end

local ancestor = field
if from == 61 then -- =
  -- It was there when the page before was read.
  if redis.call('HEXISTS', CHECKPOINTS, field) == 0 then return 'gone' end
else
  if from == 94 then field = latest_field(field) end -- ^
  if from == 60 and refusal(field, 'all') ~= '' and not is_to_come(field) then return 'gone' end -- <
  local record = field and redis.call('HGET', CHECKPOINTS, field)
  local parent = record and head_of(record).parent
  ancestor = parent and prefix .. parent
end

local rows, found = {}, {}
while ancestor and count > 0 and limit > 0 do
  local record = redis.call('HGET', CHECKPOINTS, ancestor)
  if not record then ancestor = nil break end
  local head = head_of(record)
  local lines, values = {}, {}
  local stored = redis.call('HGET', WRITES, ancestor)
  local text = stored and unseal(stored)
  if stored and not text then error('DAMAGED pending writes.', 0) end
  for line in string.gmatch(text or '', '[^\n]+') do
    local channel, reference = string.match(line, '^[^:]*:[^:]*:[^:]*:([^:]*):(.*)$')
    if open[encoded[channel]] then
      lines[#lines + 1] = line
      collect_chunks(reference, found)
    end
  end
  for channel in pairs(open) do
    local reference = head.channels[channel]
    if reference then
      values[#values + 1] = channel
      values[#values + 1] = reference
      collect_chunks(reference, found)
    end
  end
  for i = 1, #values, 2 do
    open[values[i]] = nil
    count = count - 1
  end
  if #lines > 0 or #values > 0 then
    rows[#rows + 1] = { ancestor, table.concat(lines, '\n'), values }
  end
  limit = limit - 1
  ancestor = head.parent and prefix .. head.parent
end
local reply = reply_with(rows, found)
reply[5] = count > 0 and ancestor and redis.call('HEXISTS', CHECKPOINTS, ancestor) == 1 and ancestor or ''
return reply
