--- @include "common.lua"
--- @include "chunk-store.lua"
--- @include "registry.lua"
--- @include "remove.lua"
-- Removes the checkpoints of some runs, but for those that others need. A run that has none left leaves the index of the partition.
--
-- ARGV  the encoded ids of the runs
-- Reply how many checkpoints were removed.
--
-- Atomic, because a checkpoint goes only if nothing needs it, and nothing may begin to in between.
if not thread_exists() then return 0 end
local unwanted = {}
for _, run in ipairs(ARGV) do
  local found = members('r:' .. run .. ':')
  for i = #found, 1, -1 do
    local field = string.sub(found[i], #run + 4)
    local record = redis.call('HGET', CHECKPOINTS, field)
    -- A checkpoint that was put again belongs to the run that put it last.
    if record and header_of(record).r == run then
      unwanted[#unwanted + 1] = field
    else
      redis.call('ZREM', INDEX, found[i])
    end
  end
end
local removed = remove_unneeded(unwanted)
for _, run in ipairs(ARGV) do forget_run_if_gone(run) end
delete_if_empty()
return removed
