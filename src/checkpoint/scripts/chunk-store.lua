-- Shared by the scripts that store references: how the chunks behind them come in.
--
-- A chunk is stored under its digest; an open run (see values/run-writer.ts) under the digest of its first version,
-- and grows. When a run is finished, or an element that was stored on its own turns up in a run, the bytes are kept
-- in one place and the other becomes "@target:offset:length".

-- Whether a run begins with the bytes that the client believes it to have: a thread that was deleted meanwhile may have
-- come back with other bytes of the same length under the same name.
local function begins(run, length, check)
  return #run >= length and string.sub(redis.sha1hex(string.sub(run, 1, length)), 1, #check) == check
end

-- Reads the steps that a call brings: ARGV[at] is their number, each is its kind and its arguments. Nothing is written
-- yet. Returns
--   added    name -> bytes of chunks that are new, or only possibly so
--   grown    name -> bytes of open runs that were appended to
--   moved    name -> "@target:offset:length" of runs that were finished
--   merges   of elements that were stored on their own: { name, target, offset, length }
--   missing  names of open runs that are not there as expected
local function received_chunks(at)
  local received = { added = {}, grown = {}, moved = {}, merges = {}, missing = {} }
  local i = at
  local function argument()
    i = i + 1
    return ARGV[i]
  end
  for _ = 1, tonumber(ARGV[at]) do
    local kind, name = argument(), argument()
    if kind == 'store' then
      received.added[name] = argument()
    elseif kind == 'grow' then
      local length, check, bytes = tonumber(argument()), argument(), argument()
      local value = redis.call('HGET', CHUNKS, name)
      local run = resolve(value)
      if not run or not begins(run, length, check) then
        received.missing[#received.missing + 1] = name
      elseif bytes == '' then
        -- Nothing new: it was only to be checked.
      elseif #run == length and run == value then
        received.grown[name] = run .. bytes
      elseif string.sub(run, length + 1, length + #bytes) ~= bytes then
        -- Another branch of the thread went on differently.
        received.missing[#received.missing + 1] = name
      end
    elseif kind == 'finish' then
      local from, length, check, bytes = argument(), tonumber(argument()), argument(), argument()
      local value = redis.call('HGET', CHUNKS, from)
      local run = resolve(value)
      if run and begins(run, length, check) then
        received.added[name] = string.sub(run, 1, length) .. bytes
        if #run == length and run == value then
          received.moved[from] = '@' .. name .. ':0:' .. (length - 1)
        end
      elseif redis.call('HEXISTS', CHUNKS, name) == 0 then
        received.missing[#received.missing + 1] = from
      end
    else -- merge
      received.merges[#received.merges + 1] = { name, argument(), tonumber(argument()), tonumber(argument()) }
    end
  end
  return received
end

-- The names that are mentioned by the references or by a received table, but neither received nor stored. Stored
-- chunks need no look inside: what they name was there when they were stored, and leaves only after them.
local function missing_chunks(references, received)
  local missing, asked = received.missing, {}
  local function ask(name)
    if received.added[name] or asked[name] then return end
    asked[name] = true
    if redis.call('HEXISTS', CHUNKS, name) == 0 then missing[#missing + 1] = name end
  end
  for _, reference in ipairs(references) do each_root(reference, ask) end
  for _, chunk in pairs(received.added) do
    if string.byte(chunk) == 116 then each_digest(string.sub(chunk, 2), ask) end -- t, a table
  end
  return missing
end

local function store_chunks(received)
  -- A chunk that is there already may be an open run that has grown since: it is left alone.
  for name, chunk in pairs(received.added) do redis.call('HSETNX', CHUNKS, name, chunk) end
  for name, run in pairs(received.grown) do redis.call('HSET', CHUNKS, name, run) end
  -- A run that one value finishes and another one appends to has to keep what was appended.
  for name, pointer in pairs(received.moved) do
    if not received.grown[name] then redis.call('HSET', CHUNKS, name, pointer) end
  end
  for _, merge in ipairs(received.merges) do
    local name, target, offset, length = unpack(merge)
    local alone, run = redis.call('HGET', CHUNKS, name), resolve(redis.call('HGET', CHUNKS, target))
    if alone and run and #alone == length + 1 and string.sub(run, 2 + offset, 1 + offset + length) == string.sub(alone, 2) then
      redis.call('HSET', CHUNKS, name, '@' .. target .. ':' .. offset .. ':' .. length)
    end
  end
end
