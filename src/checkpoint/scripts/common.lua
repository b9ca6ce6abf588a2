-- Shared by all scripts that work on a thread; put before each of them.
--
-- KEYS  the thread's keys, then the indexes of its partition, see keys.ts
local CHECKPOINTS, ORDER, WRITES, CHUNKS, RUNS = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local THREAD_KEYS = { CHECKPOINTS, ORDER, WRITES, CHUNKS, RUNS }

-- Whether none of the thread's keys is there.
local function is_absent()
  return redis.call('EXISTS', unpack(THREAD_KEYS)) == 0
end

-- Records and pending writes end with a seal: "~" and ten digits of the SHA-1 of all before it, see seal.ts.
local function seal(text)
  return text .. '~' .. string.sub(redis.sha1hex(text), 1, 10)
end

-- The text of a sealed value; nil when it was altered.
local function unseal(value)
  local text = string.sub(value, 1, -12)
  if seal(text) == value then return text end
end

-- The first line of a record, see record.ts.
local function head_of(record)
  if not unseal(record) then error('DAMAGED record.', 0) end
  return cjson.decode(string.sub(record, 1, string.find(record, '\n', 1, true) - 1))
end

-- Calls visit(digest) for each of the digests that follow one another in a text.
local function each_digest(text, visit)
  for at = 1, #text, 20 do visit(string.sub(text, at, at + 19)) end
end

-- Calls visit(name) for each chunk that a reference names, see values/reference.ts.
local function each_root(reference, visit)
  local kind = string.byte(reference)
  if kind == 119 then -- w
    visit(string.sub(reference, 2, 21))
  elseif kind == 97 then -- a
    local plus = string.find(reference, '+', 1, true)
    for level in string.gmatch(string.sub(reference, 2, plus and plus - 1), '[^.]+') do each_digest(level, visit) end
    if plus then visit(string.sub(reference, plus + 1, plus + 20)) end
  end
end

-- The chunk that a stored value "@target:offset:length" points to; nil for a value that is a chunk itself.
local function target_of(value)
  if string.byte(value) == 64 then return string.sub(value, 2, 21) end -- @
end

-- The bytes of a chunk, given what is stored under its name; false when there is nothing.
local function resolve(value)
  local target = value and target_of(value)
  if not target then return value end
  local whole = resolve(redis.call('HGET', CHUNKS, target))
  if not whole then return false end
  local offset, length = string.match(value, ':(%d+):(%d+)$')
  return string.sub(whole, 1, 1) .. string.sub(whole, 2 + offset, 1 + offset + length)
end

-- Calls visit(reference) for each reference in the lines of pending writes, see pending-writes.ts.
local function each_write(lines, visit)
  for reference in string.gmatch(lines, '[^:\n]*:[^:\n]*:[^:\n]*:[^:\n]*:([^\n]*)\n') do visit(reference) end
end

-- The newest field of the namespace with this prefix; nil when it has none.
local function latest_field(prefix)
  return redis.call('ZREVRANGEBYLEX', ORDER, '[' .. prefix .. '\255', '[' .. prefix, 'LIMIT', 0, 1)[1]
end

-- Compares as the sorted set does. Lua's own comparison follows the server's locale.
local function less(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = string.byte(a, i), string.byte(b, i)
    if x ~= y then return x < y end
  end
  return #a < #b
end

-- The largest id that each namespace (by prefix) has lost while older ones stayed.
local function lost_ids()
  local lost = redis.call('HGET', CHECKPOINTS, 'lost')
  return lost and cjson.decode(lost) or {}
end

-- Whether a checkpoint that is not there has never been there: its id comes after all others of its namespace.
local function is_to_come(field)
  local prefix, id = string.match(field, '^([^:]*:)(.*)$')
  return less(latest_field(prefix), field) and less(lost_ids()[prefix] or '', id)
end

-- Whether a namespace ends with this checkpoint: it is the newest one, or goes on from the newest one. The latter because
-- clocks differ: a checkpoint may have a smaller id than its parent. Then it is a few steps away, not many.
local function is_end(field)
  local prefix = string.match(field, '^[^:]*:')
  local newest = latest_field(prefix)
  for _ = 1, 100 do
    if field == newest then return true end
    local record = redis.call('HGET', CHECKPOINTS, field)
    local parent = record and unseal(record) and head_of(record).parent
    if not parent then return false end
    field = prefix .. parent
  end
  return false
end

-- Why a checkpoint that a client names cannot be gone on from: "gone" when it is not there, though its namespace has
-- others; with history "latest" also "superseded" when others were put after it. Else ''.
local function refusal(field, history)
  if not latest_field(string.match(field, '^[^:]*:')) then return '' end
  if history == 'latest' and not is_end(field) then
    return redis.call('HEXISTS', CHECKPOINTS, field) == 1 and 'superseded' or 'gone'
  end
  return redis.call('HEXISTS', CHECKPOINTS, field) == 1 and '' or 'gone'
end

-- The distinct beginnings ("text:") of the members of a sorted set, found by skipping from one to the next.
local function beginnings(key)
  local found = {}
  local from = '-'
  while true do
    local member = redis.call('ZRANGEBYLEX', key, from, '+', 'LIMIT', 0, 1)[1]
    if not member then return found end
    found[#found + 1] = string.match(member, '^[^:]*:')
    from = '(' .. found[#found] .. '\255'
  end
end

-- The prefix ("namespace:") of each checkpoint namespace of the thread.
local function namespace_prefixes()
  return beginnings(ORDER)
end

-- The encoded ids of the runs that made checkpoints of the thread.
local function run_ids()
  local ids = {}
  for i, beginning in ipairs(beginnings(RUNS)) do ids[i] = string.sub(beginning, 1, -2) end
  return ids
end
