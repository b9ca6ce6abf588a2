--- @include "common.lua"
--- @include "registry.lua"
--- @include "read-common.lua"
-- Returns chunks, with all that is below them, as far as they are there.
--
-- ARGV  1 the number of bytes after which no more of them are looked at
--       2 their names, one after the other
--       3 BATCH, see read-common.lua
-- Reply see reply_with in read-common.lua, without rows; then
--       4 how many of the names were looked at
--
-- Atomic, because a chunk and what is below it must be of one moment.
local budget, names = tonumber(ARGV[1]), ARGV[2]
local chunks, looked_at = new_chunks(), 0
if thread_exists() then
  each_name(names, function(name)
    if chunks.bytes >= budget then return end
    collect_chunks(name, chunks)
    looked_at = looked_at + 1
  end)
end
local reply = reply_with({}, chunks)
reply[4] = looked_at
return reply
