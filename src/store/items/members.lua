-- What a namespace knows of its own items: two sorted sets of members, by update and by deadline; and its name in the
-- registry of its partition. Included by scripts.

-- Unlinks an item's document and its further ones. Returns 1 when there was such an item, else 0.
local function unlink_documents(item, parts)
  local unlinked = redis.call('UNLINK', item)
  for part in string.gmatch(parts or '', '%S+') do redis.call('UNLINK', item .. ':' .. part) end
  return unlinked
end

local function remove_member(items, deadlines, member)
  redis.call('ZREM', items, member)
  redis.call('ZREM', deadlines, member)
end

-- Takes a namespace off the registry when it has no items. Every script that can remove the last one ends with it.
local function unregister_empty(items, registry, name)
  if redis.call('EXISTS', items) == 0 then redis.call('ZREM', registry, name) end
end

-- When everything in the namespace expires, lets what the namespace knows of it expire with the last of its items.
-- Returns whether everything does.
local function expire_with_last(items, deadlines)
  if redis.call('ZCARD', items) ~= redis.call('ZCARD', deadlines) then return false end
  local last = redis.call('ZREVRANGE', deadlines, 0, 0, 'WITHSCORES')[2]
  if last then
    redis.call('PEXPIREAT', items, last)
    redis.call('PEXPIREAT', deadlines, last)
  end
  return true
end
