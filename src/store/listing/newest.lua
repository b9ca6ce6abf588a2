--- @include "../items/members.lua"
-- Names the newest items of some partitions together, in a part of their registries.
--
-- KEYS  the registry and the recent namespaces of each partition
-- ARGV  1 how many items at least   2 and 3 the part of the registries, as ZRANGEBYLEX takes it
--       4 what the names in that part begin with; one that is no more than this does not belong to it
--       5 how many items at most, as more are not needed
--       then, for each partition: what the keys of its namespaces begin with
-- Reply { how many items, 1 when these are all there are, else 0, { name, member, score, ... } }: so many, if there are, and
--       all that are as new as the last of them
--
-- Atomic, because an item that is put again moves to the front, where it would be missed, or counted twice.
local from, to, prefix = ARGV[2], ARGV[3], ARGV[4]
local now = now_in_milliseconds()
local streams, namespaces = {}, 0
for index = 1, #KEYS / 2 do
  local registry = KEYS[2 * index - 1]
  local count = redis.call('ZLEXCOUNT', registry, from, to)
  if count > 0 then
    streams[#streams + 1] = { registry = registry, recent = KEYS[2 * index], base = ARGV[5 + index], count = count }
    namespaces = namespaces + count
  end
end
-- Where there are few namespaces, each of them may well have all that is wanted.
local share = math.ceil(2 * #KEYS / math.max(1, namespaces))
local wanted = math.min(tonumber(ARGV[5]), math.max(tonumber(ARGV[1]), share))

-- A stream gives the namespaces of a partition, { name, bound }, the one with the latest put first.
local function open(stream)
  stream.heads, stream.at = {}, 1
  stream.total, stream.rank, stream.page = redis.call('ZCARD', stream.registry), 0, 4
  local depth = math.max(1, wanted / #streams)
  if stream.count ^ 2 > stream.total * depth and redis.call('ZCARD', stream.recent) == stream.total then return end
  -- So few that all of them are looked at.
  stream.rank = stream.total
  for index, name in ipairs(redis.call('ZRANGEBYLEX', stream.registry, from, to)) do
    stream.heads[index] = { name, tonumber(redis.call('ZSCORE', stream.recent, name) or '-inf') }
  end
  table.sort(stream.heads, function(a, b) return a[2] < b[2] end)
end

local function head(stream)
  while stream.at > #stream.heads and stream.rank < stream.total do
    local names = redis.call('ZRANGE', stream.recent, stream.rank, stream.rank + stream.page - 1, 'WITHSCORES')
    stream.rank, stream.page = stream.rank + stream.page, math.min(2 * stream.page, 100)
    stream.heads, stream.at = {}, 1
    for index = 1, #names, 2 do
      local name = names[index]
      if string.sub(name, 1, #prefix) == prefix and name ~= prefix then
        stream.heads[#stream.heads + 1] = { name, tonumber(names[index + 1]) }
      end
    end
  end
  return stream.heads[stream.at]
end

-- Scores are minus times: the least is the newest.
local top, last, checked_at, all = {}, math.huge, wanted, true
local function drop_older()
  table.sort(top, function(a, b) return a[3] < b[3] end)
  last = top[wanted][3]
  while top[#top][3] > last do
    top[#top] = nil
    all = false
  end
  checked_at = #top + math.ceil(wanted / 4) + 8
end

-- What is set right of the recent namespaces in the end: changing it now would move what is being read.
local outdated = {}
local function visit(stream, name, bound)
  local base = stream.base .. name
  local own = { keys = base .. 'keys', updates = base .. 'updates', deadlines = base .. 'expiry' }
  own.registry, own.recent, own.name = stream.registry, stream.recent, name
  remove_expired(own, now, 1000)
  local most = last == math.huge and '+inf' or string.format('%.0f', last)
  local found = redis.call('ZRANGEBYSCORE', own.updates, '-inf', most, 'WITHSCORES', 'LIMIT', 0, wanted)
  for index = 1, #found, 2 do top[#top + 1] = { name, found[index], tonumber(found[index + 1]) } end
  if all and redis.call('ZCARD', own.updates) * 2 > #found then all = false end
  own.newest = found[2] or redis.call('ZRANGE', own.updates, 0, 0, 'WITHSCORES')[2]
  if tonumber(own.newest) ~= bound then outdated[#outdated + 1] = own end
  if #top >= checked_at then drop_older() end
end

local heads, bounds = {}, {}
local function peek(index)
  heads[index] = head(streams[index])
  bounds[index] = heads[index] and heads[index][2] or math.huge
end
for index, stream in ipairs(streams) do
  open(stream)
  peek(index)
end
while #streams > 0 do
  local next = 1
  for index = 2, #bounds do
    if bounds[index] < bounds[next] then next = index end
  end
  local first = heads[next]
  if not first then break end
  if first[2] > last then
    all = false
    break
  end
  streams[next].at = streams[next].at + 1
  visit(streams[next], first[1], first[2])
  peek(next)
end
if #top >= wanted then drop_older() end
for _, own in ipairs(outdated) do
  if own.newest then redis.call('ZADD', own.recent, own.newest, own.name) else unregister_empty(own) end
end

local reply = {}
for _, entry in ipairs(top) do
  reply[#reply + 1] = entry[1]
  reply[#reply + 1] = entry[2]
  reply[#reply + 1] = string.format('%.0f', entry[3])
end
return { wanted, all and 1 or 0, reply }
