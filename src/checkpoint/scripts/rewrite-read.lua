--- @include "common.lua"
-- Returns a portion of what a thread holds, as it is stored.
--
-- ARGV  1 the name of its state, see rewrite-begin.lua
--       2 the number of bytes after which the portion ends
--       3 "index": 4 is '' or where to go on, 5 the largest number of members
--         "chunks": 4 is the names of chunks, one after the other
--         "fields": the names of fields of the checkpoints' hash follow
-- Reply "changed" when the thread has another state, or is gone; else
--         { members, the record of each that is the place of a checkpoint in the order and false for others, where to go on or '' }
--         the values of the chunks, as many of them as were looked at
--         { the values of the fields, the milliseconds that the thread has to live or less than 0 }
--
-- Atomic, because what is returned must be of the state.
if not thread_exists() or redis.call('HGET', CHECKPOINTS, 'state') ~= ARGV[1] then return 'changed' end
local left, kind, argument = tonumber(ARGV[2]), ARGV[3], ARGV[4]

if kind == 'index' then
  local from = argument == '' and '-' or argument
  local found, returned, records = redis.call('ZRANGEBYLEX', INDEX, from, '+', 'LIMIT', 0, ARGV[5]), {}, {}
  for i, member in ipairs(found) do
    if left <= 0 then break end
    local record = false
    if string.sub(member, 1, 2) == 'c:' then
      record = redis.call('HGET', CHECKPOINTS, string.sub(member, 3)) or error('LOST checkpoint.', 0)
      left = left - #record
    end
    returned[i], records[i] = member, record
    left = left - #member
  end
  return { returned, records, #returned > 0 and '(' .. returned[#returned] or '' }
end

if kind == 'chunks' then
  local values = {}
  each_name(argument, function(name)
    if left <= 0 then return end
    local value = redis.call('HGET', CHUNKS, name) or error('LOST chunk.', 0)
    values[#values + 1] = value
    left = left - #value
  end)
  return values
end

local values = {}
for i = 4, #ARGV do values[i - 3] = redis.call('HGET', CHECKPOINTS, ARGV[i]) end
return { values, redis.call('PTTL', CHECKPOINTS) }
