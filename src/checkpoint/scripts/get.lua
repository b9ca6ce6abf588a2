--- @include "common.lua"
--- @include "registry.lua"
--- @include "read-common.lua"
-- Returns checkpoints by name.
--
-- ARGV  1 time to live in milliseconds that this read gives the thread, or ''
--       2 the history that the client keeps, "all" or "latest"
--       3 the number of checkpoints; for each "^" and the prefix of a namespace for its latest, or "!" and the field of
--         one that a config names: it may be refused
--       then, in one string each, the names of chunks and the names and lengths of tails that the client has, see leave_out in
--         read-common.lua
--       then BATCH, see read-common.lua
-- Reply see reply_with in read-common.lua; what is not there is left out. Of one that is refused only why, see refusal in
-- common.lua.
--
-- Atomic, because a checkpoint, its pending writes and its chunks must be of one moment.
local last = 3 + tonumber(ARGV[3])
local rows, chunks = {}, new_chunks()
if not thread_exists() then return reply_with(rows, chunks) end
leave_out(ARGV[last + 1], ARGV[last + 2], chunks)
for i = 4, last do
  local kind, field = string.sub(ARGV[i], 1, 1), string.sub(ARGV[i], 2)
  if kind == '^' then
    field = latest_field(field)
    if field and redis.call('HEXISTS', CHECKPOINTS, field) == 0 then error('LOST checkpoint.', 0) end
  end
  local refused = kind == '!' and refusal(field, ARGV[2]) or ''
  if refused == 'gone' and is_to_come(field) then refused = '' end
  if refused ~= '' then return refused end
  local record = field and redis.call('HGET', CHECKPOINTS, field)
  if record then rows[#rows + 1] = row_of(field, record, chunks) end
end
if #rows > 0 and ARGV[1] ~= '' then refresh_ttl(ARGV[1]) end
return reply_with(rows, chunks)
