-- Part of every script that works on a thread.
--
-- KEYS  the thread's keys, then the indexes of its partition, see keys.ts
local CHECKPOINTS, INDEX, CHUNKS = KEYS[1], KEYS[2], KEYS[3]
local THREAD_KEYS = { CHECKPOINTS, INDEX, CHUNKS }

-- A member that each key of a thread has from the first write on and never loses, so that a key which is not there is one
-- that was lost, not one that is empty.
local MARKER = '!'

-- Whether none of the thread's keys is there.
local function is_absent()
  return redis.call('EXISTS', unpack(THREAD_KEYS)) == 0
end

-- Whether the thread is there: all of its keys, or none.
local function thread_exists()
  local count = redis.call('EXISTS', CHECKPOINTS, INDEX, CHUNKS)
  if count == 3 then return true end
  if count == 0 then return false end
  for i, key in ipairs(THREAD_KEYS) do
    if redis.call('EXISTS', key) == 0 then error('LOST key ' .. i .. '.', 0) end
  end
end

-- Refuses keys that hold another type of value, by commands that need the right one. To be called before anything is written:
-- what a script has written stays when it fails.
local function check_types()
  for _, key in ipairs(KEYS) do
    local is_hash = string.sub(key, -12) == ':checkpoints' or string.sub(key, -7) == ':chunks'
    redis.call(is_hash and 'HEXISTS' or 'ZSCORE', key, MARKER)
  end
end

-- To be called by each script that changes what the thread holds, before anything is written: see check_types. What was read
-- in several calls is not of one moment any more, see rewrite-begin.lua. Behind a command that frees memory Redis lets everything
-- through, also where it has none left: so there is none but while the thread is being rewritten.
local function begin_write()
  check_types()
  if redis.call('HEXISTS', CHECKPOINTS, 'state') == 1 then redis.call('HDEL', CHECKPOINTS, 'state') end
end

local function create_thread()
  redis.call('HSET', CHECKPOINTS, MARKER, '')
  redis.call('ZADD', INDEX, 0, MARKER)
  redis.call('HSET', CHUNKS, MARKER, '')
end

-- Headers of records and pending writes end with a checksum: "~" and ten digits of the SHA-1 of all before it, see checksum.ts.
local function with_checksum(text)
  return text .. '~' .. string.sub(redis.sha1hex(text), 1, 10)
end

-- The text before a checksum; nil when it was altered.
local function checked(value)
  local text = string.sub(value, 1, -12)
  if with_checksum(text) == value then return text end
end

-- The header of a record, which is its first line, see checkpoint-record.ts; nil when it was altered.
local function intact_header(record)
  local text = checked(string.match(record, '^[^\n]*'))
  return text and cjson.decode(text)
end

local function header_of(record)
  return intact_header(record) or error('DAMAGED checkpoint.', 0)
end

-- A checkpoint is named by its field, "namespace:id", the namespace encoded, the id as it is.

-- The part of a field that all checkpoints of its namespace have in common.
local function prefix_of(field)
  return string.match(field, '^[^:]*:')
end

local function id_of(field)
  return string.match(field, ':(.*)$')
end

-- A field with exactly one colon, for members of the index in which more follows.
local function escape_field(field)
  local prefix, id = string.match(field, '^([^:]*:)(.*)$')
  if not string.find(id, '[%%:]') then return field end
  return prefix .. string.gsub(id, '[%%:]', { ['%'] = '%25', [':'] = '%3A' })
end

local function unescape_field(escaped)
  local prefix, id = string.match(escaped, '^([^:]*:)(.*)$')
  return prefix .. string.gsub(id, '%%(%x%x)', { ['25'] = '%', ['3A'] = ':' })
end

-- The members of the index that begin with a text, at most `limit` of them.
local function members(beginning, limit)
  return redis.call('ZRANGEBYLEX', INDEX, '[' .. beginning, '(' .. beginning .. '\255', 'LIMIT', 0, limit or -1)
end

-- The fields of a namespace, newest first, at most `limit` of them; only those older than the field `before`, if given.
local function newest_fields(prefix, limit, before)
  local from = before and '(c:' .. before or '(c:' .. prefix .. '\255'
  local found = redis.call('ZREVRANGEBYLEX', INDEX, from, '[c:' .. prefix, 'LIMIT', 0, limit or -1)
  for i, member in ipairs(found) do found[i] = string.sub(member, 3) end
  return found
end

-- The newest field of a namespace; nil when it has none.
local function latest_field(prefix)
  return newest_fields(prefix, 1)[1]
end

-- What the members of a kind ("c:", "r:") begin with behind that, up to the first colon and with it, each once; found by skipping
-- from one to the next: those after `after`, if given, at most `limit` of them.
local function beginnings(kind, after, limit)
  local found, from = {}, (after or '') == '' and '[' .. kind or '(' .. kind .. after .. '\255'
  while #found ~= limit do
    -- ";" comes after ":", which ends the kind.
    local member = redis.call('ZRANGEBYLEX', INDEX, from, '(' .. string.sub(kind, 1, 1) .. ';', 'LIMIT', 0, 1)[1]
    if not member then break end
    found[#found + 1] = string.match(member, '^[^:]*:', #kind + 1)
    from = '(' .. kind .. found[#found] .. '\255'
  end
  return found
end

-- The prefixes of the thread's namespaces.
local function namespace_prefixes(after, limit)
  return beginnings('c:', after, limit)
end

-- The encoded ids of the runs that made checkpoints of the thread.
local function run_ids()
  local ids = beginnings('r:')
  for i, beginning in ipairs(ids) do ids[i] = string.sub(beginning, 1, -2) end
  return ids
end

-- Compares as the sorted set does. Lua's own comparison follows the server's locale.
local function less(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = string.byte(a, i), string.byte(b, i)
    if x ~= y then return x < y end
  end
  return #a < #b
end

-- Calls visit(name) for each of the names of chunks that follow one another in a text.
local function each_name(text, visit)
  for at = 1, #text, 20 do visit(string.sub(text, at, at + 19)) end
end

-- The names that the value of a chunk refers to, one after the other: "t" is a table, "@" an alias, see chunk-store.lua.
local function children_of(value)
  local kind = string.sub(value, 1, 1)
  return (kind == 't' or kind == '@') and string.sub(value, 2) or ''
end

local ALIAS_LENGTH = 21

-- Whether a tail has exactly so many bytes. Its name is random and it only ever grows, so these are the bytes that the client
-- has in mind.
local function is_tail_of(name, length)
  if redis.call('HSTRLEN', CHUNKS, name) ~= length then return false end
  return length ~= ALIAS_LENGTH or string.sub(redis.call('HGET', CHUNKS, name), 1, 1) ~= '@'
end

-- The names of the chunks that a pending write refers to, see pending-writes.ts.
local function names_of_write(member)
  return string.match(member, '^w:[^:]*:[^:]*:[^:]*:[^:]*:([^:]*):') or error('DAMAGED pending write.', 0)
end

-- Whether a checkpoint that is not there has never been there: its id comes after all others of its namespace, and after the
-- largest one that was removed while older ones stayed (field "^namespace:").
local function is_to_come(field)
  local prefix = prefix_of(field)
  return less(latest_field(prefix) or '', field) and less(redis.call('HGET', CHECKPOINTS, '^' .. prefix) or '', id_of(field))
end

-- Whether a namespace ends with this checkpoint: it is the newest one, or goes on from the newest one. The latter because
-- clocks differ: a checkpoint may have a smaller id than its parent. Then it is a few steps away, not many.
local function is_end(field)
  local prefix = prefix_of(field)
  local newest = latest_field(prefix)
  for _ = 1, 100 do
    if field == newest then return true end
    local record = redis.call('HGET', CHECKPOINTS, field)
    local header = record and intact_header(record)
    if not header or not header.p then return false end
    field = prefix .. header.p
  end
  return false
end

-- Why a checkpoint that a client names cannot be gone on from: "gone" when it is not there, though its namespace has
-- others; with history "latest" also "superseded" when others were put after it. Else ''.
local function refusal(field, history)
  if not latest_field(prefix_of(field)) then return '' end
  local is_there = redis.call('HEXISTS', CHECKPOINTS, field) == 1
  if not is_there and redis.call('ZSCORE', INDEX, 'c:' .. field) then error('LOST checkpoint.', 0) end
  if history == 'latest' and not is_end(field) then return is_there and 'superseded' or 'gone' end
  return is_there and '' or 'gone'
end

-- Whether the newest checkpoint in the hash and the index of a thread is encrypted: its body begins with the tag of what is. What is
-- encrypted is bound to its thread, and has to be encrypted again for another one.
local function is_encrypted(checkpoints, index)
  local newest = redis.call('ZREVRANGEBYLEX', index, '(c;', '[c:', 'LIMIT', 0, 1)[1]
  local record = newest and redis.call('HGET', checkpoints, string.sub(newest, 3))
  local line_break = record and string.find(record, '\n', 1, true)
  return line_break and string.byte(record, line_break + 1) == 2
end
