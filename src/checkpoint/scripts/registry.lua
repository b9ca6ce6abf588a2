-- Shared by the scripts that write to a thread, and by list-threads.lua: the indexes of the thread's partition. They are
-- written in the same script as the thread, so that they never differ from it.
--
-- KEYS  end with the four indexes of the partition, see keys.ts
local THREADS, CREATED, EXPIRES, PARTITION_RUNS = KEYS[#KEYS - 3], KEYS[#KEYS - 2], KEYS[#KEYS - 1], KEYS[#KEYS]
-- The encoded id of the thread, which holds no colon.
local THREAD = string.match(KEYS[1], '([^:]*):[^:]*$')

-- How many expired threads, and entries of their runs, each call removes besides its own work. More than it can add.
local MAX_EXPIRED, MAX_EXPIRED_RUNS = 4, 100
-- How many entries of runs go with one thread in one call.
local MAX_RUNS = 1000

-- The time in milliseconds, by the clock that times to live are counted with.
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- Removes a thread that is gone from the indexes, with at most `limit` of its runs. When it had more, it stays among the
-- threads that have expired, so that later calls go on. Returns how many entries of runs were removed.
local function remove_from_indexes(thread, limit)
  local prefix = 't:' .. thread .. ':'
  local members = redis.call('ZRANGEBYLEX', PARTITION_RUNS, '[' .. prefix, '[' .. prefix .. '\255', 'LIMIT', 0, limit)
  for _, member in ipairs(members) do
    redis.call('ZREM', PARTITION_RUNS, member, 'r:' .. string.sub(member, #prefix + 1) .. ':' .. thread)
  end
  redis.call('ZREM', THREADS, thread)
  redis.call('ZREM', CREATED, thread)
  if #members == limit then
    redis.call('ZADD', EXPIRES, 0, thread)
  else
    redis.call('ZREM', EXPIRES, thread)
  end
  return #members
end

-- Removes a few threads that have expired from the indexes. A second later than they have: the clock that tells a script
-- what has expired stands still while it runs.
local function remove_expired(moment)
  local left = MAX_EXPIRED_RUNS
  for _, thread in ipairs(redis.call('ZRANGEBYSCORE', EXPIRES, '-inf', moment - 1000, 'LIMIT', 0, MAX_EXPIRED)) do
    if thread ~= THREAD and left > 0 then left = left - remove_from_indexes(thread, left) end
  end
end

local function expire_at(moment)
  redis.call('ZADD', EXPIRES, moment, THREAD)
  for _, key in ipairs(THREAD_KEYS) do redis.call('PEXPIREAT', key, moment) end
end

-- Lets the whole thread expire at one moment, `ttl` milliseconds from now ('' when the saver sets none).
-- A time to live that was set for this thread alone (field "ttl"; 0 pins the thread) goes before. Without any,
-- keys that are new join the moment at which their siblings expire, so that none outlives the others.
local function refresh_ttl(ttl)
  ttl = redis.call('HGET', CHECKPOINTS, 'ttl') or ttl
  if ttl == '0' then return end
  local moment = ttl == '' and redis.call('ZSCORE', EXPIRES, THREAD) or ttl ~= '' and now() + ttl
  if moment then expire_at(moment) end
end

local function enter_run(run)
  redis.call('ZADD', PARTITION_RUNS, 0, 'r:' .. run .. ':' .. THREAD, 0, 't:' .. THREAD .. ':' .. run)
end

local function enter_thread(is_new)
  local moment = now()
  remove_expired(moment)
  if is_new then
    -- It may have expired or been deleted before.
    remove_from_indexes(THREAD, MAX_RUNS)
    redis.call('ZREM', EXPIRES, THREAD)
  end
  -- A clock that goes back takes no thread back.
  redis.call('ZADD', THREADS, 'GT', moment, THREAD)
  redis.call('ZADD', CREATED, 'NX', moment, THREAD)
end

-- To be called by each script that has written to the thread. `is_new`: whether none of the thread's keys was there before;
-- `run`: the encoded id of the run that wrote, or ''; `ttl`: see refresh_ttl.
local function thread_written(is_new, run, ttl)
  enter_thread(is_new)
  if run ~= '' then enter_run(run) end
  refresh_ttl(ttl)
end

-- To be called when the thread was created as a copy, which has so many milliseconds to live, or for ever.
local function thread_copied(ttl)
  enter_thread(true)
  for _, run in ipairs(run_ids()) do enter_run(run) end
  -- Less than a millisecond is not for ever.
  if ttl >= 0 then expire_at(now() + math.max(ttl, 1)) end
end

-- To be called when the thread has no checkpoint of a run any more.
local function run_removed(run)
  redis.call('ZREM', PARTITION_RUNS, 'r:' .. run .. ':' .. THREAD, 't:' .. THREAD .. ':' .. run)
end

-- To be called when pending writes were stored whose checkpoint is not there, see remove.lua.
local function note_early_write(field)
  redis.call('ZADD', INDEX, 0, 'l:' .. escape_field(field))
  redis.call('HSET', CHECKPOINTS, 'early', now())
end
