-- Creates a thread from what dump.lua returned.
--
-- KEYS  the thread's keys
-- ARGV  1 a token of this copy, by which it is known when it is sent again
--       2.. for each key milliseconds to live and dump; '' when there was no such key
-- Reply 1, or 0 when the thread exists.
--
-- Atomic, because nobody may see a part of the copy.
if redis.call('HGET', KEYS[1], 'copy') == ARGV[1] then return 1 end
if redis.call('EXISTS', unpack(KEYS)) > 0 then return 0 end
for i, key in ipairs(KEYS) do
  if ARGV[2 * i + 1] ~= '' then redis.call('RESTORE', key, ARGV[2 * i], ARGV[2 * i + 1]) end
end
redis.call('HSET', KEYS[1], 'copy', ARGV[1])
return 1
