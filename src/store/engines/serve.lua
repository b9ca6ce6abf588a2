-- Tells partitions which index serves, or asks them.
--
-- KEYS  1... what each partition knows of it
-- ARGV  1 the definition: fence, generation and configuration, separated by spaces; or "" to ask
-- Reply the newest definition that one of them has now, or "".
--
-- Atomic, because an earlier definition must never take the place of a later one.
local function fence_of(text) return tonumber(string.match(text, '^%d+') or '0') end
local newest = ARGV[1]
for _, key in ipairs(KEYS) do
  local present = redis.call('GET', key) or ''
  if fence_of(present) < fence_of(ARGV[1]) then redis.call('SET', key, ARGV[1]) end
  if fence_of(present) > fence_of(newest) then newest = present end
end
return newest
