-- Makes another index the one that serves.
--
-- KEYS  1 the definition of the index that serves   2 the state of reindex()
-- ARGV  1 who holds the lease   2 the definition that it replaces
--       3 generation of the index   4 what it is configured for, as JSON
-- Reply the definition that serves, or nil when the lease was taken, or another definition serves.
--
-- Atomic, because only one of several may switch, and only from the index that it has built the next one beside.
local holder, phase = unpack(redis.call('HMGET', KEYS[2], 'holder', 'phase'))
if holder ~= ARGV[1] then return false end
local serving = redis.call('GET', KEYS[1])
if phase == 'switched' then return serving end -- by this script, which was sent again
-- Where the definition was lost, nobody else has switched: the lease tells.
if serving and serving ~= ARGV[2] then return false end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local fence = math.max(now, tonumber(string.match(ARGV[2], '^%d+')) + 1)
local text = string.format('%.0f', fence) .. ' ' .. ARGV[3] .. ' ' .. ARGV[4]
redis.call('SET', KEYS[1], text)
redis.call('HSET', KEYS[2], 'phase', 'switched')
return text
