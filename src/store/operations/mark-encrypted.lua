-- Says of the index that serves that all items are encrypted.
--
-- KEYS  1 the definition of the index that serves
-- ARGV  1 the definition that was read   2 what the index is configured for, as JSON
-- Reply 1 when it was done, 0 when another definition serves.
--
-- Atomic, because somebody's reindex() may switch meanwhile. The fence grows: what others put without encryption, for the
-- definition from before, is refused.
local stored = redis.call('GET', KEYS[1])
if stored ~= ARGV[1] then return 0 end
local fence, generation = string.match(stored, '^(%d+) (%d+) ')
local time = redis.call('TIME')
fence = math.max(time[1] * 1000 + math.floor(time[2] / 1000), fence + 1)
redis.call('SET', KEYS[1], string.format('%.0f', fence) .. ' ' .. generation .. ' ' .. ARGV[2])
return 1
