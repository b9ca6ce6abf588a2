-- Shared by the scripts that store references: how the chunks behind them come in.

-- Reads the chunks that a call brings: ARGV[at] is their number, digest and bytes of each follow.
local function received_chunks(at)
  local chunks = {}
  for i = at + 1, at + 2 * tonumber(ARGV[at]), 2 do chunks[ARGV[i]] = ARGV[i + 1] end
  return chunks
end

-- The digests that are named by the references or by a received table, but neither received nor stored. Stored
-- chunks need no look inside: what they name was there when they were stored, and leaves only after them.
local function missing_chunks(references, received)
  local missing, asked = {}, {}
  local function ask(digest)
    if received[digest] or asked[digest] then return end
    asked[digest] = true
    if redis.call('HEXISTS', CHUNKS, digest) == 0 then missing[#missing + 1] = digest end
  end
  for _, reference in ipairs(references) do each_root(reference, ask) end
  for _, chunk in pairs(received) do
    if string.byte(chunk) == 116 then each_digest(string.sub(chunk, 2), ask) end -- t, a table
  end
  return missing
end

local function store_chunks(received)
  for digest, chunk in pairs(received) do redis.call('HSET', CHUNKS, digest, chunk) end
end
