-- Shared by the scripts that return checkpoints.

-- The last argument of each of them: how many fields go with one call. Redis limits the arguments of a call from Lua.
local BATCH = tonumber(ARGV[#ARGV])

-- Calls visit(field, value) for each field of a hash; value is false when there is none.
local function hmget(key, fields, visit)
  for first = 1, #fields, BATCH do
    local last = math.min(first + BATCH - 1, #fields)
    local values = redis.call('HMGET', key, unpack(fields, first, last))
    for i = first, last do visit(fields[i], values[i - first + 1]) end
  end
end

-- Collects all chunks behind a reference, each once: `found` maps a name to its bytes or false, and lists the names
-- in the order in which they were found; `found.moved` names those that are stored as part of others.
local function collect_chunks(reference, found)
  local wanted
  local function want(name)
    if found[name] == nil then
      found[name] = false
      wanted[#wanted + 1] = name
    end
  end

  wanted = {}
  each_root(reference, want)
  -- A table names chunks of the level below it, so this ends; a chunk that is not there has no children.
  while #wanted > 0 do
    local level = wanted
    wanted = {}
    hmget(CHUNKS, level, function(name, value)
      local chunk = resolve(value)
      if chunk ~= value then found.moved = (found.moved or '') .. name end
      found[name] = chunk
      found[#found + 1] = name
      if chunk and string.byte(chunk) == 116 then each_digest(string.sub(chunk, 2), want) end
    end)
  end
end

-- A checkpoint for the reply: { field, record, its pending writes, those of its parent if they hold its pending sends }.
local function row_of(field, record, found)
  local writes, sends = redis.call('HGET', WRITES, field), false
  -- What is damaged goes to the client as it is: it says what is wrong, and in which checkpoint.
  pcall(function()
    local head = head_of(record)
    if head.v < 4 and head.parent then
      sends = redis.call('HGET', WRITES, string.match(field, '^[^:]*:') .. head.parent)
    end
    for _, reference in pairs(head.channels) do collect_chunks(reference, found) end
    for _, lines in ipairs({ writes or '', sends or '' }) do
      each_write(lines, function(reference) collect_chunks(reference, found) end)
    end
  end)
  return { field, record, writes, sends }
end

-- Reply { rows, names of all chunks in one string, their bytes in the same order, names of those that have become part of
-- other chunks }.
local function reply_with(rows, found)
  local chunks = {}
  for i, name in ipairs(found) do chunks[i] = found[name] end
  return { rows, table.concat(found), chunks, found.moved or '' }
end
