-- What a namespace knows of its own items: sorted sets of members by name, by update and by deadline; and its name in the
-- registry of its partition, and among the recent ones there. A namespace exists exactly as long as its keys. Included by
-- scripts.

-- The keys of a namespace, which stand together in KEYS.
--
-- at   where the first of them is: by name, by update, by deadline, the partition's registry, its recent namespaces
-- name the namespace's name in the registry
local function own_keys(at, name)
  return {
    keys = KEYS[at],
    updates = KEYS[at + 1],
    deadlines = KEYS[at + 2],
    registry = KEYS[at + 3],
    recent = KEYS[at + 4],
    name = name,
  }
end

-- Unlinks an item's document and its further ones. Returns 1 when there was such an item, else 0.
local function unlink_documents(item, parts)
  local unlinked = redis.call('UNLINK', item)
  for part in string.gmatch(parts or '', '%S+') do redis.call('UNLINK', item .. ':' .. part) end
  return unlinked
end

local function remove_member(own, member)
  redis.call('ZREM', own.keys, member)
  redis.call('ZREM', own.updates, member)
  redis.call('ZREM', own.deadlines, member)
end

local function now_in_milliseconds()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- Removes the members that have expired, at most so many, except one. An item lives up to its deadline and with it.
local function remove_expired(own, now, most, except)
  local before = '(' .. string.format('%.0f', now)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', own.deadlines, '-inf', before, 'LIMIT', 0, most)) do
    if member ~= except then remove_member(own, member) end
  end
end

-- Takes a namespace off the registry when it has no items. Every script that can remove the last one ends with it.
local function unregister_empty(own)
  if redis.call('EXISTS', own.keys) == 0 then
    redis.call('ZREM', own.registry, own.name)
    redis.call('ZREM', own.recent, own.name)
  end
end

-- When everything in the namespace expires, lets what the namespace knows of it expire with the last of its items.
-- Returns whether everything does.
local function expire_with_last(own)
  if redis.call('ZCARD', own.keys) ~= redis.call('ZCARD', own.deadlines) then return false end
  local last = redis.call('ZREVRANGE', own.deadlines, 0, 0, 'WITHSCORES')[2]
  if last then
    redis.call('PEXPIREAT', own.keys, last)
    redis.call('PEXPIREAT', own.updates, last)
    redis.call('PEXPIREAT', own.deadlines, last)
  end
  return true
end
