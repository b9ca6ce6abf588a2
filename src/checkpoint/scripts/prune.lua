-- Removes all but the newest checkpoints of each namespace, and frees the chunks that only they used.
--
-- ARGV  1 how many to keep in each namespace
-- Reply how many checkpoints were removed.
--
-- Atomic, because a chunk is freed only if nothing refers to it, and nothing may begin to in between.
local unwanted = {}
for _, prefix in ipairs(namespace_prefixes()) do
  for i, field in ipairs(fields_of(prefix)) do
    if i > tonumber(ARGV[1]) then unwanted[field] = true end
  end
end
local removed = remove_checkpoints(redis.call('ZRANGE', ORDER, 0, -1), unwanted)
drop_late_writes(true)
sweep_chunks()
delete_if_empty()
return removed
