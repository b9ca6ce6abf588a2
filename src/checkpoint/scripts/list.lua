--- @include "common.lua"
--- @include "registry.lua"
--- @include "read-common.lua"
-- Returns a page of checkpoints. It ends with the one by which it comes to its bytes, so that a page is small wherever
-- checkpoints are large, and is never empty while there are more.
--
-- ARGV  1 time to live in milliseconds that this read gives the thread, or ''
--       2 the largest number of checkpoints
--       3 the number of bytes, of records, pending writes and chunks together, after which the page ends
--       4 "checkpoints"; "records" for their fields and records only; "summaries" for these and their pending writes, without chunks
--       5 the names of chunks that the client has, one after the other, see leave_out in read-common.lua
--       6 "named": the fields of the checkpoints follow; what was removed meanwhile is left out
--         "newest": the prefix of a namespace, and an id or '': its newest checkpoints before that id. '' instead of a prefix is
--         the thread's only namespace
--       then BATCH, see read-common.lua
-- Reply see reply_with in read-common.lua; for records the rows are { field, record }, for summaries { field, record, its
--       pending writes }; then
--       4 how many of the fields were looked at
--       5 how many there were, at most as many as the page may have
-- Or "several", when the thread was to have one namespace and has several.
--
-- Atomic, because a checkpoint, its pending writes and its chunks must be of one moment.
local ttl, limit, budget, kind = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local chunks = new_chunks()

local function fields_wanted()
  if ARGV[6] == 'named' then return { unpack(ARGV, 7, math.min(6 + limit, #ARGV - 1)) } end
  local prefix, before = ARGV[7], ARGV[8]
  if prefix == '' then
    local prefixes = namespace_prefixes('', 2)
    if #prefixes == 2 then return nil end
    prefix = prefixes[1]
  end
  return prefix and newest_fields(prefix, limit, before ~= '' and prefix .. before or nil) or {}
end

local fields = {}
if thread_exists() then fields = fields_wanted() end
if not fields then return 'several' end
leave_out(ARGV[5], '', chunks)

local rows, looked_at = {}, 0
for _, field in ipairs(fields) do
  looked_at = looked_at + 1
  local record = redis.call('HGET', CHECKPOINTS, field)
  if not record and redis.call('ZSCORE', INDEX, 'c:' .. field) then error('LOST checkpoint.', 0) end
  if record and kind ~= 'checkpoints' then
    local writes = kind == 'summaries' and members('w:' .. escape_field(field) .. ':') or nil
    rows[#rows + 1] = { field, record, writes }
    chunks.bytes = chunks.bytes + #record
    for _, member in ipairs(writes or {}) do chunks.bytes = chunks.bytes + #member end
  elseif record then
    rows[#rows + 1] = row_of(field, record, chunks)
  end
  if chunks.bytes >= budget then break end
end
if #rows > 0 and ttl ~= '' then refresh_ttl(ttl) end
local reply = reply_with(rows, chunks)
reply[4], reply[5] = looked_at, #fields
return reply
