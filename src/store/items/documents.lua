-- Writes the documents of an item from a script's arguments. Included by scripts.

-- Writes an item's document and its further ones.
--
-- at     where in ARGV they begin: number of field arguments shared by all documents, then these;
--        then, for the item's document and for each further one: number of field arguments, then these
-- parts  names of the further documents, each with a space behind it
-- expire the command that lets a document expire and its argument, or nil
-- ...    further field arguments of the item's document
local function write_documents(at, item, parts, expire, ...)
  local function fields(from)
    local count = tonumber(ARGV[from])
    return from + 1, from + count
  end
  local shared_from, shared_to = fields(at)
  local function write(key, from, to, ...)
    local args = { ... }
    for index = shared_from, shared_to do args[#args + 1] = ARGV[index] end
    for index = from, to do args[#args + 1] = ARGV[index] end
    redis.call('HSET', key, unpack(args))
    if expire then redis.call(expire[1], key, expire[2]) end
  end

  local from, to = fields(shared_to + 1)
  write(item, from, to, ...)
  for part in string.gmatch(parts, '%S+') do
    from, to = fields(to + 1)
    write(item .. ':' .. part, from, to)
  end
end
