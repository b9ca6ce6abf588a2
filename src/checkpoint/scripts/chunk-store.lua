-- Part of the scripts that change what a thread's chunks hold.
--
-- A chunk is stored under its name: the digest of its content, or a random one if it is the tail of a list, which grows.
-- Its value is data; or "t" and the names of its children, a table; or "@" and the name of a segment, an alias: a tail that
-- was sealed. Whatever names a chunk refers to it: records, pending writes, tables and aliases. How many do so beyond the
-- first stands in the field "#name". Whoever comes to refer to a chunk takes it, whoever goes releases it, and with the last
-- one the chunk goes too.

-- Longer values are data: tables have at most 64 children.
local MAX_TABLE = 1 + 64 * 20

-- Reads the operations that a call brings: ARGV[at] is their number, each is its kind and its arguments. Returns
--   stores   name -> bytes
--   appends  { name, length, bytes }
--   aliases  { name, length, target }
local function read_chunk_ops(at)
  local ops = { stores = {}, appends = {}, aliases = {} }
  local i = at
  local function argument()
    i = i + 1
    return ARGV[i]
  end
  for _ = 1, tonumber(ARGV[at]) do
    local kind, name = argument(), argument()
    if kind == 'store' then
      ops.stores[name] = argument()
    elseif kind == 'append' then
      table.insert(ops.appends, { name, tonumber(argument()), argument() })
    else
      table.insert(ops.aliases, { name, tonumber(argument()), argument() })
    end
  end
  return ops
end

-- The names, of those given and those that the operations need, that are neither stored nor brought. Stored chunks need no
-- look inside: what they refer to is there as long as they are.
local function missing_chunks(names, ops)
  local missing, asked = {}, {}
  local function need(name)
    if ops.stores[name] or asked[name] then return end
    asked[name] = true
    if redis.call('HEXISTS', CHUNKS, name) == 0 then missing[#missing + 1] = name end
  end
  for _, append in ipairs(ops.appends) do
    local name, length = unpack(append)
    asked[name] = true
    if not is_tail_of(name, length) then missing[#missing + 1] = name end
  end
  each_name(names, need)
  for _, bytes in pairs(ops.stores) do each_name(children_of(bytes), need) end
  for _, alias in ipairs(ops.aliases) do need(alias[3]) end
  return missing
end

-- Chunks that this call has stored and that nothing refers to yet.
local unreferenced = {}

local function take(name)
  if unreferenced[name] then
    unreferenced[name] = nil
  else
    redis.call('HINCRBY', CHUNKS, '#' .. name, 1)
  end
end

-- How many chunks one call frees. A table that comes afterwards stays, noted as "h:name" in the index, to be released again by
-- a later call, see remove.lua: what refers to it by then keeps it.
local MAX_FREED = 500
local freed = 0

-- Returns how many chunks are gone because of it.
local function release(name)
  local names, before = { name }, freed
  while #names > 0 do
    name = table.remove(names)
    local counter = '#' .. name
    if not unreferenced[name] and redis.call('HEXISTS', CHUNKS, counter) == 1 then
      if redis.call('HINCRBY', CHUNKS, counter, -1) <= 0 then redis.call('HDEL', CHUNKS, counter) end
    else
      local value = redis.call('HSTRLEN', CHUNKS, name) <= MAX_TABLE and redis.call('HGET', CHUNKS, name)
      local children = value and children_of(value) or ''
      if freed >= MAX_FREED and children ~= '' then
        redis.call('ZADD', INDEX, 0, 'h:' .. name)
      else
        freed = freed + redis.call('HDEL', CHUNKS, name)
        each_name(children, function(child) names[#names + 1] = child end)
      end
    end
  end
  return freed - before
end

-- Applies operations of which nothing was missing, and takes `names` on behalf of what is stored with them.
local function store_chunks(names, ops)
  local stored, is_stored = {}, {}
  for name, bytes in pairs(ops.stores) do
    -- A chunk that is there already stays: a tail may have grown since.
    if redis.call('HSETNX', CHUNKS, name, bytes) == 1 then
      unreferenced[name] = true
      is_stored[name] = true
      stored[#stored + 1] = name
    end
  end
  for name, bytes in pairs(ops.stores) do
    each_name(children_of(bytes), function(child)
      -- A table that was there already refers to its children since then. One that comes only now had been lost.
      if is_stored[name] then take(child) else unreferenced[child] = nil end
    end)
  end
  for _, append in ipairs(ops.appends) do
    local name, _, bytes = unpack(append)
    redis.call('HSET', CHUNKS, name, redis.call('HGET', CHUNKS, name) .. bytes)
  end
  each_name(names, take)
  -- After the appends: a tail that one value seals and another one appends to keeps what was appended.
  for _, alias in ipairs(ops.aliases) do
    local name, length, target = unpack(alias)
    if is_tail_of(name, length) then
      take(target)
      redis.call('HSET', CHUNKS, name, '@' .. target)
    end
  end
  for _, name in ipairs(stored) do
    if unreferenced[name] then release(name) end
  end
end
