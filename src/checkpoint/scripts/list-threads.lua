--- @include "common.lua"
--- @include "registry.lua"
-- Returns threads of one partition from the newest on, in one of two orders.
--
-- KEYS  the four indexes of the partition
-- ARGV  1 "updatedAt" or "createdAt"
--       2 a time, or '' to begin with the newest
--       3 a thread: only those that come after this one and that time are wanted; or '' for all that are older than the time
--       4 how many
-- Reply { thread, its time in this order, its time in the other one, and so on }, then { thread and time to go on from }, or
-- nothing when there are no more.
--
-- Atomic, because a thread that has expired is told by another index.
local order, other = THREADS, CREATED
if ARGV[1] == 'createdAt' then order, other = CREATED, THREADS end
local count = tonumber(ARGV[4])

-- The rank, from the newest on, of the first entry that is wanted. Entries of one time stand by thread, descending.
local function first_rank()
  if ARGV[2] == '' then return 0 end
  local low = redis.call('ZCOUNT', order, '(' .. ARGV[2], '+inf')
  local high = low + redis.call('ZCOUNT', order, ARGV[2], ARGV[2])
  if ARGV[3] == '' then return high end
  while low < high do
    local middle = math.floor((low + high) / 2)
    if less(redis.call('ZREVRANGE', order, middle, middle)[1], ARGV[3]) then high = middle else low = middle + 1 end
  end
  return low
end

-- Threads that have expired are passed over, at most so many in one call.
local MAX_EXPIRED_PAGES = 10

local moment = now()
local some_expire = redis.call('EXISTS', EXPIRES) == 1
if some_expire then remove_expired(moment) end
local rank, found, last = first_rank(), {}, {}
for _ = 1, MAX_EXPIRED_PAGES do
  local page = redis.call('ZREVRANGE', order, rank, rank + count - 1, 'WITHSCORES')
  for i = 1, #page, 2 do
    local thread, time = page[i], page[i + 1]
    last = { thread, time }
    local expires = some_expire and redis.call('ZSCORE', EXPIRES, thread)
    if not expires or tonumber(expires) > moment then
      found[#found + 1] = thread
      found[#found + 1] = time
      found[#found + 1] = redis.call('ZSCORE', other, thread) or time
      if #found == 3 * count then return { found, last } end
    end
  end
  if #page < 2 * count then return { found, {} } end
  rank = rank + count
end
return { found, last }
