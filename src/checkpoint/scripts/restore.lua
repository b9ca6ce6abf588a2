--- @include "common.lua"
--- @include "registry.lua"
-- Creates a thread from what dump.lua returned.
--
-- ARGV  1 a token of this copy, by which it is known when it is sent again
--       2 milliseconds to live, or less than 0
--       3.. for each key its dump; '' when there was no such key
-- Reply 1, or 0 when the thread exists.
--
-- Atomic, because nobody may see a part of the copy.
check_types()
if redis.call('HGET', CHECKPOINTS, 'copy') == ARGV[1] then return 1 end
if not is_absent() then return 0 end
for i, key in ipairs(THREAD_KEYS) do
  if ARGV[2 + i] ~= '' then redis.call('RESTORE', key, 0, ARGV[2 + i]) end
end
redis.call('HSET', CHECKPOINTS, 'copy', ARGV[1])
thread_copied(tonumber(ARGV[2]))
return 1
