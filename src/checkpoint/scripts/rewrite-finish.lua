--- @include "common.lua"
--- @include "registry.lua"
-- Puts a thread in place that has been staged as a whole, see rewrite-stage.lua.
--
-- KEYS  the thread's own keys, the staged keys, the indexes of the thread's partition
-- ARGV  1 the value of the staged field "rewritten", by which it is known when it is sent again
--       2 "replace", when the thread is put in the place of itself; "create", when it is new
--       3 the name of the state that it replaces, see rewrite-begin.lua; or the milliseconds that the new one has to live, or less
--         than 0
--       4 the number of fields in the checkpoints' hash; 5 of members in the index; 6 of fields in the chunks' hash
-- Reply "done"; "changed", when the thread has another state by now; "exists", when it is not new; "lost", when not all of
-- what was staged is there.
--
-- Atomic, because what is written meanwhile must not be lost, and nobody may see a part.
check_types()
local count = #THREAD_KEYS
if redis.call('HGET', CHECKPOINTS, 'rewritten') == ARGV[1] then return 'done' end
local replaces = ARGV[2] == 'replace'
if replaces then
  if not thread_exists() or redis.call('HGET', CHECKPOINTS, 'state') ~= ARGV[3] then return 'changed' end
elseif not is_absent() then
  return 'exists'
end
for i, command in ipairs({ 'HLEN', 'ZCARD', 'HLEN' }) do
  if redis.call(command, KEYS[count + i]) ~= tonumber(ARGV[3 + i]) then return 'lost' end
end
local moment = replaces and redis.call('ZSCORE', EXPIRES, THREAD)
redis.call('UNLINK', unpack(THREAD_KEYS))
for i, key in ipairs(THREAD_KEYS) do
  redis.call('RENAME', KEYS[count + i], key)
  redis.call('PERSIST', key)
end
if moment then expire_at(moment) end
if not replaces then thread_copied(tonumber(ARGV[3])) end
return 'done'
