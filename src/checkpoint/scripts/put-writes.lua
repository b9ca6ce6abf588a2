-- Stores pending writes of one task for one checkpoint, which need not be there yet.
--
-- ARGV  1 the checkpoint's field
--       2 time to live in milliseconds, or ''
--       3 the number of writes; for each: its key, "1" when it replaces an earlier one, its value, its reference
--       then the chunks, see chunk-store.lua
-- Reply the chunks that are missing; stored only if there are none.
--
-- Atomic, because tasks that run in parallel add to the same lines, and their chunks must come with them.
local field, ttl = ARGV[1], ARGV[2]
local writes_end = 3 + 4 * tonumber(ARGV[3])

-- Every line stands between line breaks, so that a key is only ever found at the start of a line.
local stored = redis.call('HGET', WRITES, field)
local lines = stored and unseal(stored)
if stored and not lines then error('DAMAGED pending writes.', 0) end
lines = '\n' .. (lines or '')
local references = {}
for i = 4, writes_end, 4 do
  local key, replaces, value, reference = ARGV[i], ARGV[i + 1] == '1', ARGV[i + 2], ARGV[i + 3]
  local first = string.find(lines, '\n' .. key, 1, true)
  if first and replaces then
    lines = string.sub(lines, 1, first) .. string.sub(lines, string.find(lines, '\n', first + 1, true) + 1)
    first = nil
  end
  if not first then
    lines = lines .. key .. value .. '\n'
    references[#references + 1] = reference
  end
end

local received = received_chunks(writes_end + 1)
local missing = missing_chunks(references, received)
if #missing > 0 then return missing end
local is_new = is_absent()
if #references > 0 then
  store_chunks(received)
  redis.call('HSET', WRITES, field, seal(string.sub(lines, 2)))
end
thread_written(is_new, '', ttl)
return missing
