-- Part of the scripts that return checkpoints.

-- The last argument of each of them: how many fields go with one call. Redis limits the arguments of a call from Lua.
local BATCH = tonumber(ARGV[#ARGV])

-- The chunks of a reply: a name maps to its value, to false when there is none, or to true when the client has it; the names whose values are in the reply are listed in the order in which they were found. `bytes` is their size.
local function new_chunks()
  return { bytes = 0 }
end

-- Marks chunks that the client has: sealed ones by their names, one after the other; tails as "name.length" with "," between
-- them, which have to be as they were.
local function leave_out(names, tails, chunks)
  each_name(names, function(name) chunks[name] = true end)
  for name, length in string.gmatch(tails, '([^.,]+)%.(%d+)') do
    if is_tail_of(name, tonumber(length)) then chunks[name] = true end
  end
end

-- Chunks that the client has are not read, so that they are there has to be asked.
local function check_presence(names, chunks)
  each_name(names, function(name)
    if chunks[name] == true and redis.call('HEXISTS', CHUNKS, name) == 0 then error('LOST chunk.', 0) end
  end)
end

-- Collects all chunks behind some names, each once: the names one after the other, and what tables and aliases among them
-- refer to, level by level.
local function collect_chunks(names, chunks)
  local wanted = {}
  local function want(name)
    if chunks[name] == nil then
      chunks[name] = false
      wanted[#wanted + 1] = name
    end
  end
  each_name(names, want)
  while #wanted > 0 do
    local level = wanted
    wanted = {}
    for first = 1, #level, BATCH do
      local last = math.min(first + BATCH - 1, #level)
      local values = redis.call('HMGET', CHUNKS, unpack(level, first, last))
      for i = first, last do
        local name, value = level[i], values[i - first + 1]
        if value then
          chunks[name] = value
          chunks[#chunks + 1] = name
          chunks.bytes = chunks.bytes + #value
          each_name(children_of(value), want)
        end
      end
    end
  end
end

-- The pending writes of a checkpoint. Adds their chunks.
local function writes_of(field, chunks)
  local found = members('w:' .. escape_field(field) .. ':')
  for _, member in ipairs(found) do
    chunks.bytes = chunks.bytes + #member
    -- What is damaged goes to the client as it is: it says what is wrong, and in which checkpoint.
    if checked(member) then collect_chunks(names_of_write(member), chunks) end
  end
  return found
end

-- A checkpoint for the reply: { field, record, its pending writes, those of its parent if they hold its pending sends }.
local function row_of(field, record, chunks)
  local header, sends = intact_header(record), false
  chunks.bytes = chunks.bytes + #record
  if header then
    if header.v and header.p then sends = writes_of(prefix_of(field) .. header.p, chunks) end
    check_presence(header.c or '', chunks)
    collect_chunks(header.c or '', chunks)
  end
  return { field, record, writes_of(field, chunks), sends }
end

-- Reply { rows, names of chunks in one string, their values in the same order }.
local function reply_with(rows, chunks)
  local values = {}
  for i, name in ipairs(chunks) do values[i] = chunks[name] end
  return { rows, table.concat(chunks), values }
end
