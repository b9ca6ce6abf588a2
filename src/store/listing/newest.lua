--- @include "../items/members.lua"
-- Names the newest items of some partitions in a part of the registry.
--
-- KEYS  the registry and the recent namespaces of each partition
-- ARGV  1 how many items of each partition at least   2 and 3 the part of the registry, as ZRANGEBYLEX takes it
--       4 what the names in that part begin with   5 a name that does not belong to it, or ""
--       6 how many items at most, as more are not needed
--       then, for each partition: what the keys of its namespaces begin with
-- Reply { how many items of each partition, then for each { 1 when these are all there are, else 0,
--       { name, member, score, ... } } }: so many, if there are, and all that are as new as the last of them
--
-- Atomic, because an item that is put again moves to the front, where it would be missed, or counted twice.
local from, to, prefix, except = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local now = now_in_milliseconds()
local partitions = #KEYS / 2

-- Where there are few namespaces, each of them may well have all that is wanted.
local inside, namespaces = {}, 0
for index = 1, partitions do
  inside[index] = redis.call('ZLEXCOUNT', KEYS[2 * index - 1], from, to)
  namespaces = namespaces + inside[index]
end
local share = math.ceil(4 * partitions / math.max(1, namespaces))
local wanted = math.min(tonumber(ARGV[6]), math.max(tonumber(ARGV[1]), share))

-- Calls visit(name, bound) for the namespaces, the one with the latest put first, until it returns false. Returns whether it
-- came to the end.
local function each_by_bound(registry, recent, count, visit)
  local total = redis.call('ZCARD', registry)
  if count * count <= total * wanted or redis.call('ZCARD', recent) ~= total then
    -- So few that all of them are looked at.
    local names = {}
    for _, name in ipairs(redis.call('ZRANGEBYLEX', registry, from, to)) do
      names[#names + 1] = { name, tonumber(redis.call('ZSCORE', recent, name) or '-inf') }
    end
    table.sort(names, function(a, b) return a[2] < b[2] end)
    for _, each in ipairs(names) do
      if not visit(each[1], each[2]) then return false end
    end
    return true
  end
  for at = 0, total - 1, 100 do
    local names = redis.call('ZRANGE', recent, at, at + 99, 'WITHSCORES')
    for index = 1, #names, 2 do
      local name = names[index]
      if string.sub(name, 1, #prefix) == prefix and name ~= except and not visit(name, tonumber(names[index + 1])) then
        return false
      end
    end
  end
  return true
end

local function newest_of(registry, recent, count, base)
  -- Scores are minus times: the least is the newest.
  local top, last, checked_at, cut = {}, math.huge, wanted, false
  -- What is set right of the registry afterwards: changing it now would move what is being read.
  local outdated = {}

  local function drop_older()
    table.sort(top, function(a, b) return a[3] < b[3] end)
    if #top > wanted then
      last = top[wanted][3]
      while top[#top][3] > last do
        top[#top] = nil
        cut = true
      end
    elseif #top == wanted then
      last = top[wanted][3]
    end
    checked_at = #top + wanted
  end

  local at_end = each_by_bound(registry, recent, count, function(name, bound)
    if bound > last then return false end
    local own = { keys = base .. name .. 'keys', updates = base .. name .. 'updates', deadlines = base .. name .. 'expiry' }
    remove_expired(own, now, 1000)
    local found = redis.call('ZRANGE', own.updates, 0, wanted - 1, 'WITHSCORES')
    for index = 1, #found, 2 do top[#top + 1] = { name, found[index], tonumber(found[index + 1]) } end
    if #found == 2 * wanted and redis.call('ZCARD', own.updates) > wanted then cut = true end
    if #found == 0 or tonumber(found[2]) ~= bound then
      outdated[#outdated + 1] = { name = name, keys = own.keys, registry = registry, recent = recent, newest = found[2] }
    end
    if #top >= checked_at then drop_older() end
    return true
  end)
  if #top >= wanted then drop_older() end
  for _, own in ipairs(outdated) do
    if own.newest then redis.call('ZADD', recent, own.newest, own.name) else unregister_empty(own) end
  end
  local reply = {}
  for _, entry in ipairs(top) do
    reply[#reply + 1] = entry[1]
    reply[#reply + 1] = entry[2]
    reply[#reply + 1] = string.format('%.0f', entry[3])
  end
  return { at_end and not cut and 1 or 0, reply }
end

local replies = { wanted }
for index = 1, partitions do
  replies[index + 1] = inside[index] == 0 and { 1, {} }
    or newest_of(KEYS[2 * index - 1], KEYS[2 * index], inside[index], ARGV[6 + index])
end
return replies
