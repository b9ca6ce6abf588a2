-- Writes the documents of an item from a script's arguments. Included by scripts.

-- Writes an item's document and its further ones.
--
-- at     where in ARGV they begin: number of field arguments shared by all documents, number of those of the item's
--        document, then the shared ones, then its own; then, for each further document: number of field arguments, then
--        these
-- parts  names of the further documents, each with a space behind it
-- expire the command that lets a document expire and its argument, or nil
-- stated what only a put says of the item's document: its fields "meta", "tokens" and "order"; or nil
local function write_documents(at, item, parts, expire, stated)
  local shared_from = at + 2
  local shared_to = at + 1 + ARGV[at]
  local to = shared_to + ARGV[at + 1]
  -- In one command: after each the search engine indexes the document again.
  if stated then
    redis.call('HSET', item, 'meta', stated.meta, 'tokens', stated.tokens, 'order', stated.order, unpack(ARGV, shared_from, to))
  else
    redis.call('HSET', item, unpack(ARGV, shared_from, to))
  end
  if expire then redis.call(expire[1], item, expire[2]) end

  for part in string.gmatch(parts, '%S+') do
    local document = item .. ':' .. part
    local from = to + 2
    to = to + 1 + ARGV[to + 1]
    local args = { unpack(ARGV, shared_from, shared_to) }
    for index = from, to do args[#args + 1] = ARGV[index] end
    redis.call('HSET', document, unpack(args))
    if expire then redis.call(expire[1], document, expire[2]) end
  end
end
