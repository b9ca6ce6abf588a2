--- @include "common.lua"
--- @include "chunk-store.lua"
--- @include "registry.lua"
--- @include "remove.lua"
-- Removes all but the newest checkpoints of each namespace, but for those that others need.
--
-- ARGV  1 how many to keep in each namespace
-- Reply how many checkpoints were removed.
--
-- Atomic, because a checkpoint goes only if nothing needs it, and nothing may begin to in between.
if not thread_exists() then return 0 end
local unwanted = {}
for _, prefix in ipairs(namespace_prefixes()) do
  for i, field in ipairs(newest_fields(prefix)) do
    if i > tonumber(ARGV[1]) then unwanted[#unwanted + 1] = field end
  end
end
local removed = remove_unneeded(unwanted)
drop_late_writes()
delete_if_empty()
return removed
