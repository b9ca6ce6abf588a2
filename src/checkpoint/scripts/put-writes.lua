--- @include "common.lua"
--- @include "chunk-store.lua"
--- @include "registry.lua"
-- Stores pending writes of one task for one checkpoint, which need not be there yet.
--
-- ARGV  1 the checkpoint's field
--       2 time to live in milliseconds, or ''
--       3 the beginning of the members of this task, "w:namespace:id:task:"
--       4 the number of members; they follow, each with its checksum, see pending-writes.ts
--       then the number of chunk operations and each of them, see chunk-store.lua
-- Reply { names of chunks that are missing, indices of writes that are there while others of the same member are not }; stored
-- only if both are empty.
--
-- Atomic, because the chunks of a write must come with it.
--
-- A member holds the writes of one call, and names their indices. Writes that are there already stay; a special write, which has
-- an index below zero and a member for itself, replaces an earlier one. Nothing here depends on how many other writes there are.
local field, ttl, beginning = ARGV[1], ARGV[2], ARGV[3]
local members_end = 4 + tonumber(ARGV[4])

local function indices_of(member)
  return string.match(member, '^[^:]*', #beginning + 1)
end

begin_write()
local is_new = not thread_exists()
local stored = {}
for _, member in ipairs(is_new and {} or members(beginning)) do
  if not checked(member) then error('DAMAGED pending write.', 0) end
  for index in string.gmatch(indices_of(member), '[^.]+') do stored[index] = member end
end

local added, replaced, names, partly = {}, {}, {}, {}
for i = 5, members_end do
  local member = ARGV[i]
  local indices, found, all_found = indices_of(member), {}, true
  for index in string.gmatch(indices, '[^.]+') do
    if stored[index] then found[#found + 1] = index else all_found = false end
  end
  local is_special = string.sub(indices, 1, 1) == '-'
  if #found == 0 or is_special and stored[indices] ~= member then
    added[#added + 1] = member
    replaced[#replaced + 1] = stored[indices]
    names[#names + 1] = names_of_write(member)
  elseif not all_found then
    for _, index in ipairs(found) do partly[#partly + 1] = index end
  end
end

names = table.concat(names)
local ops = read_chunk_ops(members_end + 1)
local missing = #added > 0 and missing_chunks(names, ops) or {}
if #missing > 0 or #partly > 0 then return { missing, partly } end

if #added > 0 then
  if is_new then create_thread() end
  store_chunks(names, ops)
  for _, member in ipairs(added) do redis.call('ZADD', INDEX, 0, member) end
  for _, member in ipairs(replaced) do
    redis.call('ZREM', INDEX, member)
    each_name(names_of_write(member), release)
  end
  if redis.call('HEXISTS', CHECKPOINTS, field) == 0 then note_early_write(field) end
end
-- A call without writes begins no thread, which the indexes would name although it is not there.
if not is_new or #added > 0 then thread_written(is_new, '', ttl) end
return { {}, {} }
