-- Removes the checkpoints of some runs, and frees the chunks that only they used. A run that has none left leaves the index
-- of the partition; one whose checkpoints others need stays there.
--
-- ARGV  the encoded ids of the runs
-- Reply how many checkpoints were removed.
--
-- Atomic, because a chunk is freed only if nothing refers to it, and nothing may begin to in between.
local unwanted = {}
for _, run in ipairs(ARGV) do
  for _, member in ipairs(redis.call('ZRANGEBYLEX', RUNS, '[' .. run .. ':', '[' .. run .. ':\255')) do
    local field = string.sub(member, #run + 2)
    local record = redis.call('HGET', CHECKPOINTS, field)
    -- A checkpoint that was put again belongs to the run that put it last.
    if record and head_of(record).run == run then
      unwanted[field] = true
    else
      redis.call('ZREM', RUNS, member)
    end
  end
end
local removed = remove_checkpoints(redis.call('ZRANGE', ORDER, 0, -1), unwanted)
if removed > 0 then
  drop_late_writes(false)
  sweep_chunks()
end
for _, run in ipairs(ARGV) do forget_run_if_gone(run) end
delete_if_empty()
return removed
