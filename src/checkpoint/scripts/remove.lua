-- Part of the scripts that remove checkpoints.

-- How many checkpoints need this one: their delta channels or pending sends are read from it.
local function is_needed(field)
  return redis.call('HEXISTS', CHECKPOINTS, '#' .. field) == 1
end

local function add_need(field)
  redis.call('HINCRBY', CHECKPOINTS, '#' .. field, 1)
end

-- Returns whether nothing needs the checkpoint any more.
local function drop_need(field)
  if redis.call('HINCRBY', CHECKPOINTS, '#' .. field, -1) > 0 then return false end
  redis.call('HDEL', CHECKPOINTS, '#' .. field)
  return true
end

-- Removes a run from the index of the partition when the thread has no checkpoint of it any more.
local function forget_run_if_gone(run)
  if #members('r:' .. run .. ':', 1) == 0 then run_removed(run) end
end

-- Releases what the record of a checkpoint refers to, because it is removed or replaced. Of a damaged record nothing is known: its
-- chunks stay for as long as the thread. Returns the field of its parent, if nothing needs that any more because of this.
local function release_record(field, record)
  local header = intact_header(record)
  if not header then return nil end
  each_name(header.c or '', release)
  if header.r then
    redis.call('ZREM', INDEX, 'r:' .. header.r .. ':' .. field)
    forget_run_if_gone(header.r)
  end
  local parent = header.n and header.p and prefix_of(field) .. header.p
  return parent and drop_need(parent) and parent or nil
end

-- Removes the record of a checkpoint, whether or not others need it. Its pending writes stay. Returns as release_record.
local function remove_record(field)
  local record = redis.call('HGET', CHECKPOINTS, field)
  redis.call('HDEL', CHECKPOINTS, field, '#' .. field)
  redis.call('ZREM', INDEX, 'c:' .. field)
  return record and release_record(field, record)
end

-- Removes pending writes of a checkpoint, at most `limit` of them. Returns how many.
local function remove_writes(field, limit)
  local found = members('w:' .. escape_field(field) .. ':', limit)
  for _, member in ipairs(found) do
    redis.call('ZREM', INDEX, member)
    if checked(member) then each_name(names_of_write(member), release) end
  end
  return #found
end

-- Removes those of the given checkpoints that no other one needs. Returns how many.
local function remove_unneeded(fields)
  local removed, largest = 0, {}
  local left, more = fields, true
  while more do
    local needed = {}
    more = false
    for _, field in ipairs(left) do
      if is_needed(field) then
        needed[#needed + 1] = field
      else
        local prefix = prefix_of(field)
        if less(largest[prefix] or '', field) then largest[prefix] = field end
        remove_record(field)
        remove_writes(field, -1)
        removed = removed + 1
        more = true
      end
    end
    left = needed
  end
  -- That they are gone could not be told any more from their place in the order, where only older ones are left.
  for prefix, field in pairs(largest) do
    local latest = latest_field(prefix)
    if latest and less(latest, field) and less(redis.call('HGET', CHECKPOINTS, '^' .. prefix) or '', id_of(field)) then
      redis.call('HSET', CHECKPOINTS, '^' .. prefix, id_of(field))
    end
  end
  return removed
end

-- Removes pending writes that came after their checkpoint had been removed: it is older than the newest one.
local function drop_late_writes()
  local from = '[w:'
  while true do
    local member = redis.call('ZRANGEBYLEX', INDEX, from, '(w;', 'LIMIT', 0, 1)[1]
    if not member then return end
    local escaped = string.match(member, '^w:([^:]*:[^:]*):')
    local field = unescape_field(escaped)
    local newest = latest_field(prefix_of(field))
    if newest and less(field, newest) and redis.call('HEXISTS', CHECKPOINTS, field) == 0 then remove_writes(field, -1) end
    from = '(w:' .. escaped .. ':\255'
  end
end

-- Leaves nothing of a thread whose last checkpoint was removed and that waits for none.
local function delete_if_empty()
  if #members('c:', 1) == 0 and #members('w:', 1) == 0 then
    redis.call('UNLINK', unpack(THREAD_KEYS))
    remove_from_indexes(THREAD, MAX_RUNS)
  end
end
