--- @include "common.lua"
--- @include "registry.lua"
-- Copies a thread to another one in the same slot.
--
-- KEYS  the target's own keys, the source's own keys, the indexes of the target's partition
-- ARGV  1 a token of this copy, by which it is known when it is sent again
-- Reply "copied", "no source", "encrypted" or "target exists".
--
-- Atomic, because the copy must be of one moment.
check_types()
if redis.call('HGET', CHECKPOINTS, 'copy') == ARGV[1] then return 'copied' end
local count = #THREAD_KEYS
if redis.call('EXISTS', unpack(KEYS, count + 1, 2 * count)) == 0 then return 'no source' end
for i = count + 1, 2 * count do
  if redis.call('EXISTS', KEYS[i]) == 0 then error('LOST key ' .. i .. '.', 0) end
end
if is_encrypted(KEYS[count + 1], KEYS[count + 2]) then return 'encrypted' end
if not is_absent() then return 'target exists' end
for i, key in ipairs(THREAD_KEYS) do redis.call('COPY', KEYS[count + i], key) end
redis.call('HSET', CHECKPOINTS, 'copy', ARGV[1])
thread_copied(redis.call('PTTL', KEYS[count + 1]))
return 'copied'
