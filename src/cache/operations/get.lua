-- Reads entries of one namespace.
--
-- KEYS  1 entries without a time to live   2 entries with one   3 their deadlines   4 the partition's registry
-- ARGV  1 the namespace's name   2... the names of the entries
-- Reply the value of each entry, in the same order; nil where there is none, or it has expired.
--
-- Atomic, because an entry may move from one hash to the other meanwhile.
local values = {}
local registered = redis.call('ZSCORE', KEYS[4], ARGV[1])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for at = 2, #ARGV do
  local name, value = ARGV[at], false
  if registered then
    local deadline = redis.call('ZSCORE', KEYS[3], name)
    if not deadline then
      value = redis.call('HGET', KEYS[1], name)
    elseif tonumber(deadline) > now then
      value = redis.call('HGET', KEYS[2], name)
    end
  end
  values[at - 1] = value
end
return values
