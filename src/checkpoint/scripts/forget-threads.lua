-- Removes entries from the registry of threads.
--
-- KEYS  1 the registry
-- ARGV  member and score of each
--
-- Atomic, because an entry that was renewed since it was read must stay.
for i = 1, #ARGV, 2 do
  local score = redis.call('ZSCORE', KEYS[1], ARGV[i])
  if score and tonumber(score) == tonumber(ARGV[i + 1]) then redis.call('ZREM', KEYS[1], ARGV[i]) end
end
return true
