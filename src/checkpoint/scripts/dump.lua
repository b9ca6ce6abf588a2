--- @include "common.lua"
-- Returns the whole thread in Redis' own format, for a copy in another slot.
--
-- Reply nil when there is no such thread; "encrypted" when it is, see is_encrypted in common.lua; else { milliseconds to live, or less than 0; for each key its dump }.
--
-- Atomic, because the copy must be of one moment.
check_types()
if not thread_exists() then return false end
if is_encrypted(CHECKPOINTS, INDEX) then return 'encrypted' end
local dumps = {}
for i, key in ipairs(THREAD_KEYS) do dumps[i] = redis.call('DUMP', key) end
return { redis.call('PTTL', CHECKPOINTS), dumps }
