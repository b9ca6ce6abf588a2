-- Creates a thread from what dump.lua returned.
--
-- ARGV  for each key milliseconds to live and dump; '' when there was no such key
-- Reply 1, or 0 when the thread exists.
--
-- Atomic, because nobody may see a part of the copy.
if redis.call('EXISTS', unpack(KEYS)) > 0 then return 0 end
for i, key in ipairs(KEYS) do
  if ARGV[2 * i] ~= '' then redis.call('RESTORE', key, ARGV[2 * i - 1], ARGV[2 * i]) end
end
return 1
