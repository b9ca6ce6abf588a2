--- @include "common.lua"
-- Keeps a portion of a thread that is being rewritten under keys of its own, until rewrite-finish.lua puts them in place. They
-- expire, so that nothing is left of a rewriting that was given up.
--
-- KEYS  the staged keys
-- ARGV  1 milliseconds to live from now
--       2 "begin", or "more"
--       3 the number of fields for the checkpoints' hash, then each with its value
--       then the number of members for the index, and they
--       then the number of fields for the chunks' hash, and each with its value
-- Reply 1; or 0 when a part of what was staged before is gone: it has expired, or was evicted.
--
-- Atomic, because what goes on where nothing is any more would be a part of a thread.
if ARGV[2] == 'begin' then
  create_thread()
elseif redis.call('EXISTS', unpack(THREAD_KEYS)) < #THREAD_KEYS then
  return 0
end
local at = 3
local function each_argument(width, visit)
  local count = tonumber(ARGV[at])
  for _ = 1, count do
    visit(ARGV[at + 1], ARGV[at + width])
    at = at + width
  end
  at = at + 1
end
each_argument(2, function(field, value) redis.call('HSET', CHECKPOINTS, field, value) end)
each_argument(1, function(member) redis.call('ZADD', INDEX, 0, member) end)
each_argument(2, function(name, value) redis.call('HSET', CHUNKS, name, value) end)
for _, key in ipairs(THREAD_KEYS) do redis.call('PEXPIRE', key, ARGV[1]) end
return 1
