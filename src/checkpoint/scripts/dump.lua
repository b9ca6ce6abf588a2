-- Returns the whole thread in Redis' own format, for a copy in another slot.
--
-- Reply nil when there is no such thread; else { for each key { milliseconds to live, dump }, encoded ids of its runs }.
--
-- Atomic, because the copy must be of one moment.
if redis.call('EXISTS', CHECKPOINTS) == 0 then return false end
local dumps = {}
for i, key in ipairs(KEYS) do
  -- Less than a millisecond is not for ever, as 0 is for RESTORE.
  local left = redis.call('PTTL', key)
  dumps[i] = { left == 0 and 1 or math.max(left, 0), redis.call('DUMP', key) }
end
return { dumps, run_ids() }
