-- Shared by the scripts that remove checkpoints from a thread.

-- Longer values under a chunk's name are neither tables nor pointers: a run of a tree's level has at most 64 digests.
local MAX_TABLE = 1 + 64 * 20

-- The fields of a namespace, newest first.
local function fields_of(prefix)
  return redis.call('ZREVRANGEBYLEX', ORDER, '[' .. prefix .. '\255', '[' .. prefix)
end

local function prefix_of(field)
  return string.match(field, '^[^:]*:')
end

-- Adds to `kept` the ancestors without which kept checkpoints could not be read in full: those that hold the writes of
-- delta channels back to their last stored value, and the parent that holds the pending sends of an old checkpoint.
-- `heads` maps a field to its head.
local function keep_needed(fields, heads, kept)
  for _, field in ipairs(fields) do
    if kept[field] then
      local prefix, head = prefix_of(field), heads[field]
      local open, next_open = head.delta or {}, nil
      local ancestor = head
      local first = true
      for _ = 1, #fields do -- no further, should a client ever have made checkpoints ancestors of each other
        next_open = {}
        for _, channel in ipairs(open) do
          if not ancestor.channels[channel] then next_open[#next_open + 1] = channel end
        end
        open = next_open
        local parent_field = ancestor.parent and prefix .. ancestor.parent
        ancestor = parent_field and heads[parent_field]
        if not ancestor or (#open == 0 and not (first and head.v < 4)) then break end
        kept[parent_field] = true
        first = false
      end
    end
  end
end

-- Frees the chunks that no checkpoint and no pending write refers to. Returns how many are left.
local function sweep_chunks()
  local used, wanted = {}, {}
  local function want(name)
    if not used[name] then
      used[name] = true
      wanted[#wanted + 1] = name
    end
  end
  for _, field in ipairs(redis.call('ZRANGE', ORDER, 0, -1)) do
    for _, reference in pairs(head_of(redis.call('HGET', CHECKPOINTS, field)).channels) do
      each_root(reference, want)
    end
  end
  for _, lines in ipairs(redis.call('HVALS', WRITES)) do
    each_write(lines, function(reference) each_root(reference, want) end)
  end
  while #wanted > 0 do
    local level = wanted
    wanted = {}
    for _, name in ipairs(level) do
      -- Only tables and pointers name others, and both are short: the bytes of runs need not be read.
      local value = redis.call('HSTRLEN', CHUNKS, name) <= MAX_TABLE and redis.call('HGET', CHUNKS, name)
      if value then
        local target = target_of(value)
        if target then want(target) end
        if string.byte(value) == 116 then each_digest(string.sub(value, 2), want) end -- t, a table
      end
    end
  end
  local left = 0
  for _, name in ipairs(redis.call('HKEYS', CHUNKS)) do
    if used[name] then left = left + 1 else redis.call('HDEL', CHUNKS, name) end
  end
  return left
end

-- What is known of a damaged record: nothing.
local NO_HEAD = { v = 4, channels = {} }

-- Remembers those of the given fields (by prefix) after which only older ones of their namespaces are left: that they are
-- gone could not be told any more from their place in the order.
local function remember_lost(fields)
  local lost, changed = lost_ids(), false
  for prefix, field in pairs(fields) do
    local latest = latest_field(prefix)
    if latest and less(latest, field) and less(prefix .. (lost[prefix] or ''), field) then
      lost[prefix] = string.sub(field, #prefix + 1)
      changed = true
    end
  end
  if changed then redis.call('HSET', CHECKPOINTS, 'lost', cjson.encode(lost)) end
end

-- Removes a run from the index of the partition when the thread has no checkpoint of it any more.
local function forget_run_if_gone(run)
  -- ";" comes after ":", which ends the run's id in a member.
  local left = redis.call('ZRANGEBYLEX', RUNS, '[' .. run .. ':', '(' .. run .. ';', 'LIMIT', 0, 1)
  if #left == 0 then run_removed(run) end
end

-- Removes checkpoints with their pending writes. `unwanted` maps fields to true; what a kept one needs stays. Writes
-- whose checkpoint is still to come are not touched. Returns how many were removed. One that is unwanted goes also when
-- it was damaged; a damaged one that is to be kept is an error, before anything is removed.
local function remove_checkpoints(fields, unwanted)
  local heads, kept = {}, {}
  for _, field in ipairs(fields) do
    local record = redis.call('HGET', CHECKPOINTS, field)
    if not unwanted[field] then kept[field] = true end
    heads[field] = (kept[field] or record and unseal(record)) and head_of(record) or NO_HEAD
  end
  keep_needed(fields, heads, kept)
  local removed, largest, runs = 0, {}, {}
  for _, field in ipairs(fields) do
    if not kept[field] then
      local prefix = prefix_of(field)
      if less(largest[prefix] or '', field) then largest[prefix] = field end
      redis.call('HDEL', CHECKPOINTS, field)
      redis.call('ZREM', ORDER, field)
      redis.call('HDEL', WRITES, field)
      local run = heads[field].run
      if run then
        redis.call('ZREM', RUNS, run .. ':' .. field)
        runs[run] = true
      end
      removed = removed + 1
    end
  end
  for run in pairs(runs) do forget_run_if_gone(run) end
  remember_lost(largest)
  return removed
end

-- Removes pending writes that came after their checkpoint had been removed. They cannot be told for sure from those that
-- come before their checkpoint: these have an id after all others, but for clocks that differ. So they go at once only
-- where the caller is sure (`at_once`), else when they are met for the second time.
local function drop_late_writes(at_once)
  local met = redis.call('HGET', CHECKPOINTS, 'late')
  local before, late = {}, {}
  for _, field in ipairs(met and cjson.decode(met) or {}) do before[field] = true end
  for _, field in ipairs(redis.call('HKEYS', WRITES)) do
    if redis.call('HEXISTS', CHECKPOINTS, field) == 0 then
      local newest = latest_field(prefix_of(field))
      local is_old = newest and less(field, newest)
      if is_old and (at_once or before[field]) or not newest and before[field] then
        redis.call('HDEL', WRITES, field)
      elseif is_old or not newest then
        late[#late + 1] = field
      end
    end
  end
  if #late > 0 then
    redis.call('HSET', CHECKPOINTS, 'late', cjson.encode(late))
  elseif met then
    redis.call('HDEL', CHECKPOINTS, 'late')
  end
end

-- Leaves nothing of a thread whose last checkpoint was removed and that waits for none.
local function delete_if_empty()
  if redis.call('EXISTS', ORDER, WRITES) == 0 then
    redis.call('UNLINK', unpack(THREAD_KEYS))
    remove_from_indexes(THREAD, MAX_RUNS)
  end
end

-- Removes the checkpoints of a namespace that are older than the given one, if that is the newest, and the namespaces of
-- tasks that ran under them: nothing can go on there. Chunks are freed only now and then, when they may be half of what
-- is there, so that this costs a put next to nothing.
local function keep_latest(newest)
  local fields = fields_of(prefix_of(newest))
  if fields[1] ~= newest or #fields == 1 then return end
  local unwanted = {}
  for i = 2, #fields do unwanted[fields[i]] = true end
  remove_checkpoints(fields, unwanted)
  local gone = unwanted
  while next(gone) do
    local under_gone = {}
    for _, prefix in ipairs(namespace_prefixes()) do
      local latest = latest_field(prefix)
      local record = redis.call('HGET', CHECKPOINTS, latest)
      local under = unseal(record) and head_of(record).under
      if under and gone[under] and redis.call('HEXISTS', CHECKPOINTS, under) == 0 then
        local all, every = fields_of(prefix), {}
        for _, field in ipairs(all) do every[field] = true under_gone[field] = true end
        remove_checkpoints(all, every)
      end
    end
    gone = under_gone
  end
  local used = tonumber(redis.call('HGET', CHECKPOINTS, 'used') or 0)
  if redis.call('HLEN', CHUNKS) > 2 * used + 64 then
    drop_late_writes(false)
    -- A damaged record of another namespace does not say what it uses. Nothing is freed then, and the checkpoint stands.
    local swept, left = pcall(sweep_chunks)
    if swept then redis.call('HSET', CHECKPOINTS, 'used', left) end
  end
end
