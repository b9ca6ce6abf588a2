--- @include "common.lua"
--- @include "chunk-store.lua"
--- @include "registry.lua"
--- @include "remove.lua"
-- Stores one checkpoint.
--
-- ARGV  1 the checkpoint's field
--       2 time to live in milliseconds, or ''
--       3 the parent's field, or ''; where that is the checkpoint itself and the body is bound to the parent, "*" and the id of
--         the parent that it has, if it has one
--       4 the record's header without its closing brace, parent and need, see checkpoint-record.ts
--       5 the record's body
--       6 "all"; or "latest" to remove the older checkpoints of the namespace; "latest, fork" when LangGraph forks
--       7 JSON of the names of the delta channels; "^" before it when those of the parent are some too
--       8 JSON of the names of the channels that have a value
--       9 the number of chunk operations, then each of them, see chunk-store.lua
-- Reply the names of chunks that are missing; stored only if there are none. Or why it may not go on from the parent, see
-- refusal in common.lua.
--
-- Atomic, because a checkpoint must not become visible without its chunks, nor be listed without its record.
local field, ttl, parent_field, beginning, body, history = unpack(ARGV, 1, 6)
local sent = cjson.decode(beginning .. '}')
local names = sent.c or ''
begin_write()
local is_new = not thread_exists()
local old_record = not is_new and redis.call('HGET', CHECKPOINTS, field)
local parent_id = parent_field ~= '' and id_of(parent_field)
-- A run with durability "exit" that ends where it began puts its checkpoint again, as a child of itself.
local named_parent = parent_field
if string.sub(parent_field, 1, 1) == '*' then
  named_parent = field
  parent_id = #parent_field > 1 and string.sub(parent_field, 2)
elseif parent_field == field then
  parent_id = old_record and header_of(old_record).p
end
if named_parent == field then parent_field = parent_id and prefix_of(field) .. parent_id or '' end

local function parent_header()
  local record = parent_field ~= '' and redis.call('HGET', CHECKPOINTS, parent_field)
  -- A parent that was damaged can say nothing, as if it were not there.
  return record and intact_header(record)
end

local channels_with_value = {}
for _, channel in ipairs(cjson.decode(ARGV[8])) do channels_with_value[channel] = true end

-- Each delta channel, "+" before it when it has a value, "-" when it is spread over the writes of the ancestors.
local function delta_channels()
  local names = cjson.decode(string.match(ARGV[7], '%[.*$'))
  if string.sub(ARGV[7], 1, 1) == '^' then
    local is_named, header = {}, parent_header()
    for _, name in ipairs(names) do is_named[name] = true end
    for _, delta in ipairs(header and header.d or {}) do
      local name = string.sub(delta, 2)
      if not is_named[name] then names[#names + 1] = name end
    end
  end
  for i, name in ipairs(names) do names[i] = (channels_with_value[name] and '+' or '-') .. name end
  return names
end
local deltas = delta_channels()

-- Why the checkpoint needs its parent, see checkpoint-record.ts; nil when it does not.
local function need_of_parent()
  if parent_field == '' then return nil end
  for _, channel in ipairs(deltas) do
    if string.sub(channel, 1, 1) == '-' then return 1 end
  end
  return sent.v and 2 or nil
end
local need = need_of_parent()

-- A fork under the newest checkpoint's own parent, with the newest one's versions, is a copy of it: nothing is lost.
local function copies(newest)
  return history == 'latest, fork' and newest and newest.p == parent_id and newest.s == sent.s
end

-- Where only the newest checkpoint is kept, one that does not go on from it would take its place. A call that is sent
-- again finds its checkpoint there, or one that goes on from it. A checkpoint whose delta channels are read from a parent that
-- is gone would lose their history.
if not is_new and not old_record and named_parent ~= '' then
  if history ~= 'all' then
    local refused = refusal(named_parent, 'latest')
    if refused ~= '' then
      local newest = intact_header(redis.call('HGET', CHECKPOINTS, latest_field(prefix_of(field))) or '')
      if newest and newest.p == id_of(field) then return {} end
      if not copies(newest) then return refused end
    end
  elseif need and refusal(named_parent, 'all') ~= '' and not is_to_come(named_parent) then
    return 'gone'
  end
end

local header = beginning
if parent_id then header = header .. ',"p":' .. cjson.encode(parent_id) end
if #deltas > 0 then header = header .. ',"d":' .. cjson.encode(deltas) end
if need then header = header .. ',"n":' .. need end
-- A parent that is not there yet is no parent that was lost, see delta-history.lua.
if need == 1 and redis.call('HEXISTS', CHECKPOINTS, parent_field) == 0 then header = header .. ',"o":1' end
local record = with_checksum(header .. '}') .. '\n' .. body
if record == old_record then
  thread_written(false, sent.r or '', ttl)
  return {}
end

local ops = read_chunk_ops(9)
local missing = missing_chunks(names, ops)
if #missing > 0 then return missing end

if is_new then create_thread() end
store_chunks(names, ops)
-- What the record that it replaces referred to is released afterwards, so that what both refer to stays.
if need then add_need(parent_field) end
if old_record then release_record(field, old_record) end
redis.call('HSET', CHECKPOINTS, field, record)
redis.call('ZADD', INDEX, 0, 'c:' .. field)
if sent.r then redis.call('ZADD', INDEX, 0, 'r:' .. sent.r .. ':' .. field) end
if sent.u then redis.call('ZADD', INDEX, 0, 'u:' .. escape_field(sent.u) .. ':' .. string.sub(prefix_of(field), 1, -2)) end
if history ~= 'all' then keep_latest(field) end
tidy_some(history == 'all' and 'all' or 'latest')
thread_written(is_new, sent.r or '', ttl)
return {}
