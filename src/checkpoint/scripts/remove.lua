-- Part of the scripts that remove checkpoints, after chunk-store.lua and registry.lua.
--
-- A call does a bounded amount of work. What it leaves over is noted in the index and goes with later calls, see tidy_some and tidy_all:
--   g:field   a checkpoint that was removed, of which pending writes or namespaces of tasks are left; where no history is
--             kept also one that nothing needs any more
--   h:name    a chunk that nothing refers to any more, see release in chunk-store.lua
--   l:field   pending writes that came when their checkpoint was not there

-- How much this call may still do, in units of about 10 microseconds: one for each thing that is looked at or removed.
local budget = 200
local COST_OF_CHECKPOINT = 3

-- How many checkpoints this call has removed.
local removed = 0

-- Of each namespace (by prefix) the largest field that was removed.
local largest_removed = {}

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

local function release_names(names)
  each_name(names, function(name) budget = budget - release(name) end)
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
  release_names(header.c or '')
  if header.r then
    redis.call('ZREM', INDEX, 'r:' .. header.r .. ':' .. field)
    forget_run_if_gone(header.r)
  end
  local parent = header.n and header.p and prefix_of(field) .. header.p
  return parent and drop_need(parent) and parent or nil
end

-- Removes the pending writes whose members begin with a text. Returns whether none are left.
local function remove_writes(beginning)
  local limit = math.max(budget, 1)
  local found = members(beginning, limit + 1)
  for i = 1, math.min(#found, limit) do
    redis.call('ZREM', INDEX, found[i])
    budget = budget - 1
    if checked(found[i]) then release_names(names_of_write(found[i])) end
  end
  return #found <= limit
end

local remove_checkpoint

-- Removes all checkpoints of a namespace, the oldest first: the newest one says what the namespace hangs on. Returns whether
-- nothing is left.
local function remove_namespace(prefix)
  repeat
    local field = members('c:' .. prefix, 1)[1]
    if not field then
      redis.call('HDEL', CHECKPOINTS, '^' .. prefix)
      return remove_writes('w:' .. prefix)
    end
    remove_checkpoint(string.sub(field, 3))
  until budget <= 0
  return false
end

-- Removes the namespaces of tasks that ran under a checkpoint that is gone, where no history is kept. Returns whether none
-- are left. A namespace that hangs on another checkpoint by now stays.
local function remove_task_namespaces(field, escaped)
  local beginning = 'u:' .. escaped .. ':'
  while true do
    local member = members(beginning, 1)[1]
    if not member then return true end
    if budget <= 0 then return false end
    budget = budget - 1
    local prefix = string.sub(member, #beginning + 1) .. ':'
    local newest = latest_field(prefix)
    local record = newest and redis.call('HGET', CHECKPOINTS, newest)
    local header = record and intact_header(record)
    if (not newest or header and header.u == field) and not remove_namespace(prefix) then return false end
    redis.call('ZREM', INDEX, member)
  end
end

-- Removes what is left of a checkpoint that is gone, or notes that something is.
local function remove_remains(field)
  local escaped = escape_field(field)
  if remove_writes('w:' .. escaped .. ':') and remove_task_namespaces(field, escaped) then
    redis.call('ZREM', INDEX, 'g:' .. escaped)
  else
    redis.call('ZADD', INDEX, 0, 'g:' .. escaped)
  end
end

-- Removes a checkpoint, whether or not others need it. Returns the field of its parent, if nothing needs that any more.
function remove_checkpoint(field)
  local record = redis.call('HGET', CHECKPOINTS, field)
  redis.call('HDEL', CHECKPOINTS, field, '#' .. field)
  redis.call('ZREM', INDEX, 'c:' .. field)
  local prefix = prefix_of(field)
  if not largest_removed[prefix] or less(largest_removed[prefix], field) then largest_removed[prefix] = field end
  removed = removed + 1
  budget = budget - COST_OF_CHECKPOINT
  local freed = record and release_record(field, record) or nil
  remove_remains(field)
  return freed
end

-- A checkpoint before version 4 needs its parent for the pending sends. When it is unwanted itself, and stays because others need
-- its own, it does not need its parent any more. Returns the parent's field, if nothing else does.
local function drop_need_of_sends(field, record, header)
  local text = checked(string.match(record, '^[^\n]*'))
  local without = string.gsub(text, ',"n":2}$', '}')
  redis.call('HSET', CHECKPOINTS, field, with_checksum(without) .. string.match(record, '\n.*$'))
  local parent = prefix_of(field) .. header.p
  return drop_need(parent) and parent or nil
end

-- Removes a checkpoint if is_unwanted(field, header) and no other one needs it; then its parent, if nothing needs that any more
-- and it is unwanted too, and so on. Returns the field to go on with when the budget has been used up.
local function remove_unwanted(field, is_unwanted)
  while field do
    if budget <= 0 then return field end
    budget = budget - 1
    local record = redis.call('HGET', CHECKPOINTS, field)
    local header = record and intact_header(record) or nil
    if not is_unwanted(field, header) then return nil end
    if not is_needed(field) then
      if not record and not redis.call('ZSCORE', INDEX, 'c:' .. field) then return nil end
      field = remove_checkpoint(field)
    elseif header and header.n == 2 then
      field = drop_need_of_sends(field, record, header)
    else
      return nil
    end
  end
end

-- How long after the last early write of the thread, in milliseconds, pending writes wait for their checkpoint: when their
-- namespace has newer ones (clocks differ), and when it has none at all.
local PATIENCE, PATIENCE_WITHOUT_NAMESPACE = 60000, 3600000

-- Removes early pending writes that are late: their checkpoint was removed, or never came. What is to come after all others of
-- its namespace stays. `at_once`: whether not to wait, where the namespace has newer checkpoints. Returns whether it has finished.
local function remove_late_writes(field, member, at_once)
  if redis.call('HEXISTS', CHECKPOINTS, field) == 0 then
    local newest = latest_field(prefix_of(field))
    if newest and is_to_come(field) then return true end
    local waited = now() - (tonumber(redis.call('HGET', CHECKPOINTS, 'early')) or 0)
    if newest and not at_once and waited < PATIENCE then return true end
    if not newest and waited < PATIENCE_WITHOUT_NAMESPACE then return true end
    if not remove_writes('w:' .. escape_field(field) .. ':') then return false end
  end
  redis.call('ZREM', INDEX, member)
  return true
end

-- Where no history is kept: removes a checkpoint that is not the newest one of its namespace and that nothing needs, then its
-- parent likewise, and so on, as far as the budget goes.
local function remove_superseded(field)
  local rest = remove_unwanted(field, function(each) return latest_field(prefix_of(each)) ~= each end)
  if rest then redis.call('ZADD', INDEX, 0, 'g:' .. escape_field(rest)) end
end

-- Where no history is kept: removes the checkpoints of a namespace that are older than the given one, if that is the newest. More
-- than a few are there only when a history was kept before, or was needed.
local function keep_latest(newest)
  local prefix = prefix_of(newest)
  if latest_field(prefix) ~= newest then return end
  for i, field in ipairs(newest_fields(prefix, 10, newest)) do
    if budget > 0 and (i == 1 or not is_needed(field)) then remove_superseded(field) end
  end
end

-- Goes on with what an earlier call left over. `mode`: "latest" where no history is kept; "prune" where late writes go at once.
-- Returns whether it has finished.
local function tidy(member, mode)
  local kind, rest = string.match(member, '^(.):(.*)$')
  if kind == 'h' then
    if freed >= MAX_FREED then
      budget = 0
      return false
    end
    redis.call('ZREM', INDEX, member)
    release_names(rest)
  elseif kind == 'l' then
    return remove_late_writes(unescape_field(rest), member, mode == 'prune')
  else
    local field = unescape_field(rest)
    if redis.call('HEXISTS', CHECKPOINTS, field) == 0 then
      remove_remains(field)
    else
      redis.call('ZREM', INDEX, member)
      if mode == 'latest' then remove_superseded(field) end
    end
  end
  return true
end

-- To be called by put.lua: goes on with a few things.
local function tidy_some(mode)
  for _, member in ipairs(redis.call('ZRANGEBYLEX', INDEX, '[g:', '(m', 'LIMIT', 0, 4)) do
    if budget <= 0 then return end
    tidy(member, mode)
  end
end

-- To be called at the end of what removes checkpoints in portions: goes on with everything. `place` is '' or what an earlier call
-- returned. Returns where to go on when the budget has been used up, else nil.
local function tidy_all(place)
  local from = place == '' and '[l:' or place
  while from ~= 'rest' do
    if budget <= 0 then return from end
    budget = budget - 1
    local member = redis.call('ZRANGEBYLEX', INDEX, from, '(m', 'LIMIT', 0, 1)[1]
    if member then
      from = (tidy(member, 'prune') and '(' or '[') .. member
    else
      from = 'rest'
    end
  end
  -- Each of these goes, or is what the next call begins with.
  while true do
    local member = redis.call('ZRANGEBYLEX', INDEX, '[g:', '(i', 'LIMIT', 0, 1)[1]
    if not member then return nil end
    if budget <= 0 then return from end
    tidy(member, 'prune')
  end
end

-- To be called when checkpoints may have been removed. That the newest ones are gone could not be told any more from their place
-- in the order, so the largest id is kept, as long as the namespace has others.
local function note_lost()
  for prefix, field in pairs(largest_removed) do
    local latest, lost = latest_field(prefix), '^' .. prefix
    if not latest then
      redis.call('HDEL', CHECKPOINTS, lost)
    elseif less(latest, field) and less(redis.call('HGET', CHECKPOINTS, lost) or '', id_of(field)) then
      redis.call('HSET', CHECKPOINTS, lost, id_of(field))
    end
  end
end

-- Leaves nothing of a thread whose last checkpoint was removed and that waits for none.
local function delete_if_empty()
  if #members('c:', 1) == 0 and #members('w:', 1) == 0 then
    redis.call('UNLINK', unpack(THREAD_KEYS))
    remove_from_indexes(THREAD, MAX_RUNS)
  end
end
