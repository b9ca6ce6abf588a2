-- Stores one checkpoint.
--
-- ARGV  1 the checkpoint's field
--       2 time to live in milliseconds, or ''
--       3 the parent's field, or ''
--       4 the record's head without its parent, channels and closing brace
--       5 the record's body
--       6 the encoded id of the run that made it, or ''
--       7 "all", or "latest" to remove the older checkpoints of the namespace; "latest, fork" when LangGraph forks
--       8 the number of delta channels, then their names
--       then the number of channels; name and reference of each follow, '' for "as in the parent"
--       then the chunks, see chunk-store.lua
-- Reply { chunks that are missing, channels that the parent cannot give }; stored only if both are empty. Or why it may not
-- go on from the parent, see refusal in common.lua.
--
-- Atomic, because a checkpoint must not become visible without its chunks, nor be listed without its record, and
-- because the parent's references must not be freed between reading and writing them.
local field, ttl, parent_field, head, body = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local run, history = ARGV[6], ARGV[7]
local deltas_end = 8 + tonumber(ARGV[8])
local channels_end = deltas_end + 1 + 2 * tonumber(ARGV[deltas_end + 1])

-- A fork under the newest checkpoint's own parent, with the newest one's versions, is a copy of it: nothing is lost.
local function copies(newest)
  if history ~= 'latest, fork' or not unseal(newest) then return false end
  local original, versions = head_of(newest), cjson.decode(head .. '}').versions
  if string.match(parent_field, ':(.*)$') ~= original.parent then return false end
  for channel, version in pairs(original.versions) do
    if versions[channel] ~= version then return false end
  end
  return true
end

-- Where only the newest checkpoint is kept, one that does not go on from it would take its place. A call that is sent
-- again finds its checkpoint there, or one that goes on from it.
if history ~= 'all' and parent_field ~= '' and redis.call('HEXISTS', CHECKPOINTS, field) == 0 then
  local refused = refusal(parent_field, 'latest')
  if refused ~= '' then
    local newest = redis.call('HGET', CHECKPOINTS, latest_field(string.match(field, '^[^:]*:')))
    if unseal(newest) and head_of(newest).parent == string.match(field, ':(.*)$') then return { {}, {} } end
    if not copies(newest) then return refused end
  end
end

local parent_record = parent_field ~= '' and redis.call('HGET', CHECKPOINTS, parent_field)
-- A parent that was damaged can give nothing, as if it were not there.
local parent = parent_record and unseal(parent_record) and head_of(parent_record)
local versions

local function parents_reference(channel)
  versions = versions or cjson.decode(head .. '}').versions
  -- Only the same version is the same value: a fork names a parent that may be further back.
  if parent and parent.versions[channel] == versions[channel] then return parent.channels[channel] end
end

local members, references, stored, not_inherited = {}, {}, {}, {}
for i = deltas_end + 2, channels_end, 2 do
  local channel, reference = ARGV[i], ARGV[i + 1]
  if reference == '' then reference = parents_reference(channel) end
  if reference then
    members[#members + 1] = cjson.encode(channel) .. ':' .. cjson.encode(reference)
    references[#references + 1] = reference
    stored[channel] = true
  else
    not_inherited[#not_inherited + 1] = channel
  end
end

local received = received_chunks(channels_end + 1)
local missing = missing_chunks(references, received)
if #missing > 0 or #not_inherited > 0 then return { missing, not_inherited } end

-- What was a delta channel stays one, also where LangGraph does not say so (in copies, for one).
local deltas, is_delta, open_delta = {}, {}, false
local function add_delta(channel)
  if is_delta[channel] then return end
  is_delta[channel] = true
  deltas[#deltas + 1] = cjson.encode(channel)
  if not stored[channel] then open_delta = true end
end
for i = 9, deltas_end do add_delta(ARGV[i]) end
for _, channel in ipairs(parent and parent.delta or {}) do add_delta(channel) end

local is_new = is_absent()
if #deltas > 0 then head = head .. ',"delta":[' .. table.concat(deltas, ',') .. ']' end
if run ~= '' then
  head = head .. ',"run":' .. cjson.encode(run)
  redis.call('ZADD', RUNS, 0, run .. ':' .. field)
end
-- A run with durability "exit" that ends where it began puts its checkpoint again, as a child of itself.
local parent_id = parent_field ~= '' and string.match(parent_field, ':(.*)$')
if parent_field == field then parent_id = parent and parent.parent end
if parent_id then head = head .. ',"parent":' .. cjson.encode(parent_id) end
store_chunks(received)
redis.call('HSET', CHECKPOINTS, field, seal(head .. ',"channels":{' .. table.concat(members, ',') .. '}}\n' .. body .. '\n'))
redis.call('ZADD', ORDER, 0, field)
-- While a delta channel is open its value is spread over the ancestors, so they stay until it is stored again.
if history ~= 'all' and not open_delta then keep_latest(field) end
thread_written(is_new, run, ttl)
return { {}, {} }
